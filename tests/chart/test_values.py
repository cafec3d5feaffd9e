"""Each value is commented and in the schema, and what it becomes are settings that exist."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from services.auth.config import AuthSettings
from services.gateway.access.config import AccessSettings
from services.gateway.config import GatewaySettings
from services.ingest.config import IngestSettings, TranscodingSettings
from services.ingest.kubernetes.config import KubernetesSettings
from services.storage.config import StorageSettings
from snowlight.config import ClusterSettings, TlsSettings, TracingSettings
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings
from tests.chart.matrix import ALL, EMBEDDED, MATRIX, manifests_of
from tests.chart.rendering import CHART, Manifest, containers, environment, of_kind, render

SETTINGS: dict[str, type[BaseSettings]] = {
    "auth": AuthSettings,
    "storage": StorageSettings,
    "ingest": IngestSettings,
    "gateway": GatewaySettings,
    "access": AccessSettings,
}

SHARED: tuple[type[BaseSettings], ...] = (
    *(ClusterSettings, TlsSettings, ObjectStoreSettings, EvidenceSettings, TranscodingSettings),
    *(KubernetesSettings, TracingSettings),
)


def test_each_value_has_a_comment() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    bare = [
        line.strip()
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"\s*[A-Za-z]\w*:", line) and not before.lstrip().startswith("#")
    ]
    assert bare == []


def test_each_value_is_in_the_schema_and_no_other() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(_told(values, schema, schema)) == set(_known(schema, schema))


def test_the_schema_is_strict() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    for part in _parts(schema):
        if part.get("type") == "object" and "properties" in part and "required" not in part:
            assert part["additionalProperties"] is False


@pytest.mark.parametrize("service", SETTINGS)
def test_each_setting_can_be_set(service: str) -> None:
    """By `settings`, or by a value that the chart makes the setting of."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    settings = schema["properties"][service]["properties"]["settings"]["properties"]
    parts = {"store", "evidence", "transcode", "kubernetes", "access"}
    names = set(SETTINGS[service].model_fields) - parts
    if service == "ingest":
        names |= {f"transcode_{name}" for name in TranscodingSettings.model_fields}
    assert set(settings) <= names
    manifests = [m for name in MATRIX for m in manifests_of(name)]
    manifests += render(
        {"ingest": {"sourceNetworks": ["10.0.0.0/8"]}, "gateway": {"publicUrl": "https://v.x"}}
    )
    rtsp = {"enabled": True, "address": "push.x:8554"}
    manifests += render({"ingest": {"publish": {"rtsp": rtsp}}})
    made = {
        name.removeprefix(f"SNOWLIGHT_{service.upper()}_").lower()
        for workload in _workloads(manifests)
        for container in containers(workload)
        for name in environment(container)
        if name.startswith(f"SNOWLIGHT_{service.upper()}_")
    }
    assert names - set(settings) <= made


@pytest.mark.parametrize("name", ALL)
def test_each_variable_is_a_setting(name: str) -> None:
    known = {
        f"{prefix}{field}".upper()
        for settings in (*SETTINGS.values(), *SHARED)
        for prefix in [settings.model_config["env_prefix"]]
        for field in settings.model_fields
    }
    seen = 0
    for workload in _workloads(manifests_of(name)):
        for container in containers(workload):
            for variable in environment(container):
                if variable.startswith("SNOWLIGHT_"):
                    assert variable in known
                    seen += 1
    assert seen > 50


def test_services_start_with_what_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that no field takes would end a process."""
    values = {
        "ingest": {
            "sourceNetworks": ["10.64.0.0/10", "fd00::/8"],
            "settings": {"spool_bytes": 100_000_000_000, "upload_slow_seconds": 2.5, "require_dossier": True},
        },
        "gateway": {"publicUrl": "https://video.example", "settings": {"thumbnail_minutes": 20}},
        "storage": {"settings": {"quota_high_percent": 90}},
        "auth": {"settings": {"incident_number": "[A-Z]{2}[0-9]+"}},
        "objectStore": {"endpoint": "https://minio.example:9000", "capacityBytes": 1 << 50},
        "tls": {"enabled": False},
    }
    told: dict[str, Any] = {}
    for workload in _workloads(render(values)):
        component = workload["metadata"]["labels"]["app.kubernetes.io/component"]
        if component not in SETTINGS:
            continue
        (container,) = containers(workload)
        with monkeypatch.context() as patch:
            for name, value in environment(container).items():
                filled = "secret-of-thirty-two-characters-x" if value is None else value
                patch.setenv(name, filled.replace("$(SNOWLIGHT_KUBERNETES_POD)", "snowlight-ingest-0"))
            told[component] = SETTINGS[component]()
            assert ClusterSettings().allow_plaintext is True
    assert told["ingest"].spool_bytes == 100_000_000_000
    assert told["ingest"].worker == "snowlight-ingest-0"
    assert told["ingest"].require_dossier is True
    assert [str(network) for network in told["ingest"].source_networks] == ["10.64.0.0/10", "fd00::/8"]
    assert told["storage"].store.capacity_bytes == 1 << 50
    assert told["gateway"].thumbnail_minutes == 20
    assert told["auth"].incident_number.pattern == "[A-Z]{2}[0-9]+"


SECRETS = {
    "clusterKey": {"value": "KEY-OF-THE-CLUSTER-" + "x" * 20},
    "databases": {
        name: {"url": f"postgresql+asyncpg://u:URL-OF-{name}@db/{name}"}
        for name in ("auth", "storage", "ingest")
    },
    "objectStore": {
        "keys": {
            name: {"accessKey": f"ACCESS-OF-{name}", "secretKey": f"SECRET-OF-{name}"}
            for name in ("ingest", "storage", "gateway")
        }
    },
}


def test_secrets_are_nowhere_but_in_secrets() -> None:
    told = re.compile("KEY-OF-THE-CLUSTER|URL-OF|ACCESS-OF|SECRET-OF")
    for manifest in render(SECRETS):
        if manifest["kind"] == "Secret":
            assert any(told.search(base64.b64decode(v).decode()) for v in manifest["data"].values())
        else:
            text = json.dumps(manifest)
            assert not told.search(text)
            for encoded in re.findall(r"[A-Za-z0-9+/]{16,}", text):
                whole = encoded[: len(encoded) // 4 * 4]
                assert not told.search(base64.b64decode(whole).decode(errors="replace"))


@pytest.mark.parametrize("values", [SECRETS, {}, EMBEDDED], ids=["told", "made before", "embedded"])
def test_no_service_has_anothers_secret(values: Mapping[str, object]) -> None:
    common = {"snowlight-cluster-key", "snowlight-minio"}
    for workload in _workloads(render(values)):
        component = workload["metadata"]["labels"]["app.kubernetes.io/component"]
        if component not in SETTINGS:
            continue
        for container in containers(workload):
            for variable in container["env"]:
                name = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
                assert name is None or name in common or name.startswith(f"snowlight-{component}-")


def test_pods_are_replaced_when_their_secrets_change() -> None:
    def sums(values: Mapping[str, object]) -> dict[str, str]:
        return {
            name: w["spec"]["template"]["metadata"]["annotations"]["checksum/secrets"]
            for kind in ("Deployment", "StatefulSet")
            for name, w in of_kind(render(values), kind).items()
        }

    before = sums({})
    after = sums({"databases": {"auth": {"url": "postgresql+asyncpg://u:p@db/auth"}}})
    assert {name for name in before if before[name] != after[name]} == {"snowlight-auth"}
    after = sums({"clusterKey": {"value": "k" * 32}})
    assert all(before[name] != after[name] for name in before)


def _workloads(manifests: list[Manifest]) -> list[Manifest]:
    return [m for m in manifests if m["kind"] in ("Deployment", "StatefulSet", "Job")]


def _resolved(part: Any, schema: Any) -> Any:
    while "$ref" in part:
        part = schema["definitions"][part["$ref"].rpartition("/")[2]]
    return part


def _known(part: Any, schema: Any, path: str = "") -> Iterator[str]:
    part = _resolved(part, schema)
    names = part.get("properties")
    if not names or path.endswith(".settings"):
        yield path
        return
    for name, inner in names.items():
        yield from _known(inner, schema, f"{path}.{name}")


def _told(value: Any, part: Any, schema: Any, path: str = "") -> Iterator[str]:
    part = _resolved(part, schema)
    names = part.get("properties")
    if not names or path.endswith(".settings"):
        yield path
        return
    for name, inner in value.items():
        yield from _told(inner, names[name], schema, f"{path}.{name}")


def _parts(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from _parts(inner)
