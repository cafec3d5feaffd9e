"""Values that cannot be meant are refused, by a message that names them and shows no secret."""

from collections.abc import Mapping

import pytest
from helm_python import HelmError

from tests.chart.rendering import render

PASSWORD = "hush-hush"

REFUSED: list[tuple[Mapping[str, object], str]] = [
    ({"ingset": {}}, "ingset"),
    ({"ingest": {"replicas": "three"}}, "/ingest/replicas"),
    ({"ingest": {"replicas": 0}}, "/ingest/replicas"),
    ({"ingest": {"workers": 65}}, "/ingest/workers"),
    ({"ingest": {"sourceNetworks": ["camera.example"]}}, "/ingest/sourceNetworks/0"),
    ({"ingest": {"spool": {"size": "plenty"}}}, "/ingest/spool/size"),
    ({"ingest": {"spool": {"whenDeleted": "Forget"}}}, "/ingest/spool/whenDeleted"),
    ({"ingest": {"settings": {"upload_most": 3}}}, "upload_most"),
    ({"ingest": {"settings": {"database_url": "x"}}}, "database_url"),
    ({"ingest": {"autoscaling": {"least": 5, "most": 4}}}, "ingest.autoscaling.least"),
    ({"gateway": {"autoscaling": {"least": 5, "most": 4}}}, "gateway.autoscaling.least"),
    ({"gateway": {"publicUrl": "video.example"}}, "/gateway/publicUrl"),
    ({"gateway": {"service": {"type": "Balancer"}}}, "/gateway/service/type"),
    ({"auth": {"extraEnv": [{"name": "SNOWLIGHT_AUTH_LISTEN", "value": ""}]}}, "SNOWLIGHT_AUTH_LISTEN"),
    ({"auth": {"extraEnv": [{"value": "x"}]}}, "/auth/extraEnv/0"),
    ({"auth": {"terminationGracePeriodSeconds": 5}}, "/auth/terminationGracePeriodSeconds"),
    ({"auth": {"settings": {"audit_days": [1]}}}, "/auth/settings/audit_days"),
    ({"storage": {"resources": {"limits": {"memory": "much"}}}}, "/storage/resources/limits/memory"),
    ({"storage": {"podLabels": {"a": 1}}}, "/storage/podLabels/a"),
    ({"image": {"tag": "with space"}}, "/image/tag"),
    ({"image": {"digest": "sha256:short"}}, "/image/digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    ({"clusterKey": {"value": PASSWORD}}, "clusterKey.value"),
    ({"clusterKey": {"existingSecret": "a", "value": PASSWORD * 4}}, "clusterKey"),
    ({"clusterKey": {"existingSecret": "Not_A_Name"}}, "/clusterKey/existingSecret"),
    ({"databases": {"auth": {"url": f"mysql://u:{PASSWORD}@db/auth"}}}, "databases.auth.url"),
    ({"databases": {"auth": {"url": f"postgresql://u:{PASSWORD}@db/auth"}}}, "databases.auth.url"),
    (
        {"databases": {"ingest": {"url": f"postgresql+asyncpg://u:{PASSWORD}@db/i", "existingSecret": "a"}}},
        "databases.ingest",
    ),
    ({"databases": {"gateway": {"existingSecret": "a"}}}, "gateway"),
    ({"objectStore": {"url": "file:///srv"}}, "/objectStore/url"),
    ({"objectStore": {"endpoint": "minio:9000"}}, "/objectStore/endpoint"),
    ({"objectStore": {"name": "Default"}}, "/objectStore/name"),
    ({"objectStore": {"keys": {"ingest": {"secretKey": PASSWORD}}}}, "objectStore.keys.ingest"),
    (
        {
            "objectStore": {
                "keys": {"ingest": {"existingSecret": "a", "accessKey": "b", "secretKey": PASSWORD}}
            }
        },
        "objectStore.keys.ingest",
    ),
    ({"evidence": {"keys": {"storage": {"accessKey": "b"}}}}, "evidence.keys.storage"),
    ({"evidence": {"lockMode": "SOFT"}}, "/evidence/lockMode"),
    ({"evidence": {"retainDays": 0}}, "/evidence/retainDays"),
    ({"tls": {"existingSecret": "a", "certManager": {"enabled": True}}}, "tls"),
    ({"tls": {"enabled": False, "certManager": {"enabled": True}}}, "tls.enabled"),
    ({"tls": {"enabled": "no"}}, "/tls/enabled"),
    ({"timeZone": "Asia Shanghai"}, "/timeZone"),
    ({"logLevel": "loud"}, "/logLevel"),
    ({"tracing": {"sampleRatio": 2}}, "/tracing/sampleRatio"),
    ({"tracing": {"headers": "token=1"}}, "/tracing/headers"),
    ({"topologySpread": {"whenUnsatisfiable": "Never"}}, "/topologySpread/whenUnsatisfiable"),
    (
        {"postgresql": {"embedded": {"enabled": True}}, "databases": {"auth": {"existingSecret": "a"}}},
        "databases.auth",
    ),
    (
        {"minio": {"embedded": {"enabled": True}}, "objectStore": {"endpoint": "http://minio:9000"}},
        "objectStore.endpoint",
    ),
    (
        {
            "minio": {"embedded": {"enabled": True}},
            "objectStore": {"keys": {"gateway": {"existingSecret": "a"}}},
        },
        "objectStore.keys.gateway",
    ),
]


@pytest.mark.parametrize(
    ("values", "named"), REFUSED, ids=[f"{named}-{n}" for n, (_, named) in enumerate(REFUSED)]
)
def test_it_is_refused_by_name(values: Mapping[str, object], named: str) -> None:
    with pytest.raises(HelmError) as refusal:
        render(values)
    assert named in str(refusal.value)
    assert PASSWORD not in str(refusal.value)
