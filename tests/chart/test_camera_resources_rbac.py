"""Ingest may do with camera resources what its code does, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from services.ingest.kubernetes.calls import CAMERA_RESOURCES, Call
from tests.chart.accounts import IngestAccount
from tests.chart.camera_resources import Resources, bringing_in, install_definitions
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.rest import KubernetesRest
from tests.rpc.ingest.conftest import serve_registry

RESOURCES = (
    *(("snowlight.io", name, part) for name in ("cameras", "camerasites") for part in ("", "status")),
    *(("", name, "") for name in ("secrets", "events", "configmaps", "pods")),
)
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")


@pytest.fixture
async def token(account: IngestAccount) -> str:
    """Of ingest's ServiceAccount, with the Role that the chart gives it."""
    return await account.token()


async def may(rest: KubernetesRest, namespace: str, call: Call) -> bool:
    attributes: dict[str, Any] = {
        "namespace": namespace,
        "group": call.group,
        "resource": call.resource,
        "subresource": call.subresource,
        "verb": call.verb,
    }
    account = f"system:serviceaccount:{namespace}:snowlight-ingest"
    answer = await rest.create(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        {"spec": {"user": account, "resourceAttributes": attributes}},
    )
    return bool(answer["status"]["allowed"])


async def test_it_may_do_what_the_code_does_and_no_more(
    kube_rest: KubernetesRest, namespace: str, token: str
) -> None:
    asked = [Call(verb, name, group, part) for group, name, part in RESOURCES for verb in VERBS]
    allowed = {call for call in asked if await may(kube_rest, namespace, call)}
    assert allowed == set(CAMERA_RESOURCES)
    assert not await may(kube_rest, "default", CAMERA_RESOURCES[0])


async def test_all_of_it_works_with_these_rights(
    kube_rest: KubernetesRest, kube_apiserver: KubeApiserver, namespace: str, token: str, tmp_path: Path
) -> None:
    await install_definitions(kube_rest)
    resources = Resources(kube_rest, namespace)
    async with (
        serve_registry(f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}") as registry,
        bringing_in(registry, kube_apiserver, namespace, token=token) as metrics,
    ):
        await resources.create_secret("village", "admin", "secret")
        await resources.create_site("village", sourceUrlTemplate="rtsp://{address}/")
        reference = {"name": "village"}
        await resources.create(
            "gate", sourceUrl=None, siteRef="village", address="10.0.0.1", credentialsSecretRef=reference
        )
        await resources.create("bad", schedule="never")
        await resources.until_synced("gate")
        await resources.until_synced("bad", is_synced=False)
        await resources.delete("gate")
        await resources.until_gone("gate")
        refused = {
            sample.labels["status"]
            for family in metrics.collect()
            for sample in family.samples
            if sample.name == "snowlight_ingest_kubernetes_requests_total"
        }
        assert not refused & {"401", "403"}
