"""Values that the chart is rendered with: each way of doing a thing at least once."""

from collections.abc import Mapping
from functools import cache

import yaml

from tests.chart.rendering import CHART, Manifest, render

EMBEDDED = {"postgresql": {"embedded": {"enabled": True}}, "minio": {"embedded": {"enabled": True}}}

MATRIX: dict[str, Mapping[str, object]] = {
    "as it is": {},
    "plain text": {"tls": {"enabled": False}},
    "certificates by cert-manager": {"tls": {"certManager": {"enabled": True}}},
    "one certificate": {"tls": {"existingSecret": "pki"}},
    "embedded": EMBEDDED,
    "Secrets of one's own": {
        "clusterKey": {"existingSecret": "key", "key": "it"},
        "databases": {name: {"existingSecret": f"db-{name}"} for name in ("auth", "storage", "ingest")},
        "objectStore": {
            "keys": {name: {"existingSecret": f"s3-{name}"} for name in ("ingest", "storage", "gateway")},
            "further": {"existingSecret": "stores"},
        },
        "evidence": {"keys": {name: {"existingSecret": f"ev-{name}"} for name in ("storage", "gateway")}},
    },
    "secrets told": {
        "clusterKey": {"value": "k" * 32},
        "databases": {
            name: {"url": f"postgresql+asyncpg://{name}:pw@db/{name}"}
            for name in ("auth", "storage", "ingest")
        },
        "objectStore": {
            "keys": {n: {"accessKey": n, "secretKey": "sk"} for n in ("ingest", "storage", "gateway")}
        },
        "evidence": {"keys": {n: {"accessKey": n, "secretKey": "sk"} for n in ("storage", "gateway")}},
    },
    "autoscaling": {
        "ingest": {"autoscaling": {"enabled": True}},
        "gateway": {"autoscaling": {"enabled": True, "viewers": 500}},
    },
    "several workers that publish": {
        "ingest": {
            "workers": 4,
            "publish": {"rtmp": {"enabled": True, "address": "push.example:1935"}, "rtsp": {"enabled": True}},
        }
    },
    "all that is off": {
        name: {"enabled": False}
        for name in ("migrations", "podDisruptionBudgets", "topologySpread", "priorityClasses")
    },
    "watched and routed to": {
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "edge"}], "hostnames": ["video.example"]},
        "ingress": {"enabled": True, "host": "video.example", "tlsSecret": "video"},
        "monitoring": {name: {"enabled": True} for name in ("podMonitor", "rules", "dashboards")},
        "tracing": {
            "endpoint": "https://otel:4317",
            "ca": {"existingSecret": "collector"},
            "headers": {"existingSecret": "collector"},
        },
    },
    "a door for public-security systems": {
        "access": {
            "enabled": True,
            "certificate": {"issuerRef": {"name": "public"}, "dnsNames": ["police.video.example"]},
            "clientCa": {"existingConfigMap": "bureau-ca"},
            "service": {"type": "LoadBalancer", "annotations": {"a": "b"}},
            "route": {
                "enabled": True,
                "parentRefs": [{"name": "edge", "sectionName": "police"}],
                "hostnames": ["police.video.example"],
            },
            "from": [{"ipBlock": {"cidr": "10.7.0.0/16"}}],
            "settings": {"max_streams": 100},
        }
    },
    "cameras as resources": {"cameraResources": {"enabled": True}},
    "where pods may be": {
        "image": {
            "registry": "registry.example:5000",
            "digest": "sha256:" + "0" * 64,
            "pullSecrets": ["pull"],
        },
        "storage": {
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "video", "operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
            "podAnnotations": {"a": "b"},
            "podLabels": {"c": "d"},
            "serviceAccountAnnotations": {"e": "f"},
        },
    },
}

EXAMPLES = sorted(path.name for path in (CHART / "examples").glob("*.yaml"))
ALL = [*MATRIX, *EXAMPLES]
"""Names of the rows and of the examples."""


def values_of(name: str) -> Mapping[str, object]:
    """Those of a row of the matrix, or of an example."""
    if name in MATRIX:
        return MATRIX[name]
    values: Mapping[str, object] = yaml.safe_load((CHART / "examples" / name).read_text("utf-8"))
    return values


@cache
def manifests_of(name: str) -> list[Manifest]:
    """What a row of the matrix, or an example, is rendered to. Not to be changed."""
    return render(values_of(name))
