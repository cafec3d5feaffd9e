"""A Camera of the API server, as a whole `snowlight ingest` meets it that is told what the chart tells it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors
from tests.chart.accounts import IngestAccount
from tests.chart.camera_resources import LONG_S, Resources
from tests.chart.pod_environment import pod_environment
from tests.chart.rendering import Manifest, of_kind, render
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.minio import MinioServer
from tests.parts.postgres import PostgresServer
from tests.parts.snowlight import Process
from tests.rpc.ingest.cluster import client_of, cluster_settings
from tests.rpc.ingest.conftest import village
from tests.rpc.ingest.village import GATE
from tests.waiting import eventually

__all__ = ("village",)  # a fixture


@pytest.fixture
async def kubeconfig(kube_apiserver: KubeApiserver, account: IngestAccount, tmp_path: Path) -> Path:
    """Of ingest's ServiceAccount: a pod finds its token in a folder, a process of this machine does not."""
    return kube_apiserver.write_kubeconfig(tmp_path / "account.kubeconfig", await account.token())


@pytest.fixture
async def manifests(
    namespace: str, postgres_server: PostgresServer, minio_server: MinioServer
) -> AsyncIterator[list[Manifest]]:
    """The chart for PostgreSQL and MinIO as they are here."""
    names = {service: await postgres_server.create_database() for service in ("storage", "ingest")}
    keys = {"accessKey": minio_server.access_key, "secretKey": minio_server.secret_key}
    yield render(
        {
            "clusterKey": {"value": secrets.token_hex(24)},
            "tls": {"enabled": False},
            "databases": {name: {"url": postgres_server.url(database)} for name, database in names.items()},
            "objectStore": {
                "url": f"s3://footage-{secrets.token_hex(4)}",
                "endpoint": minio_server.endpoint,
                "keys": dict.fromkeys(("ingest", "storage", "gateway"), keys),
            },
            "ingest": {"sourceNetworks": ["127.0.0.0/8"]},
            "cameraResources": {"enabled": True},
        },
        namespace=namespace,
    )
    for name in names.values():
        await postgres_server.drop_database(name)


@pytest.fixture
async def cluster(
    manifests: list[Manifest], namespace: str, kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[ClusterSettings]:
    """Ingest and storage as processes, told what their pods are told, but for addresses and folders."""
    workloads = {**of_kind(manifests, "Deployment"), **of_kind(manifests, "StatefulSet")}
    settings = cluster_settings(tmp_path)
    addresses = {"ingest": settings.ingest_address, "storage": settings.storage_address}
    here = {
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": address for name, address in addresses.items()},
        **{f"SNOWLIGHT_{name.upper()}_LISTEN": address for name, address in addresses.items()},
        "SNOWLIGHT_AUTH_ADDRESS": settings.auth_address,
        "SNOWLIGHT_INGEST_ADVERTISE": settings.ingest_address,
        "SNOWLIGHT_INGEST_SPOOL_DIR": str(tmp_path / "spool"),
        "SNOWLIGHT_KUBERNETES_KUBECONFIG": str(kubeconfig),
    }
    fields = {"metadata.namespace": namespace, "metadata.name": "snowlight-ingest-0", "spec.nodeName": "none"}
    processes = []
    for service in addresses:
        told = pod_environment(workloads[f"snowlight-{service}"], manifests, fields) | here
        del told["SNOWLIGHT_DATA_DIR"], told["SNOWLIGHT_ADMIN_LISTEN"]
        processes.append(Process(service, told, tmp_path / service))
        key = told["SNOWLIGHT_CLUSTER_KEY"]
    try:
        for process in processes:
            process.start()
        for process in processes:
            await process.wait_ready()
        yield settings.model_copy(update={"cluster_key": SecretStr(key)})
    finally:
        for process in processes:
            await process.stop()


async def test_a_camera_is_registered_and_recorded_and_goes(
    resources: Resources, cluster: ClusterSettings, village: CameraServer
) -> None:
    assert GATE.credentials is not None
    since_ms = SystemClock().now_ms()
    await resources.create_secret("village", GATE.credentials.username, GATE.credentials.password)
    await resources.create(
        "gate",
        sourceUrl=f"rtsp://{village.host}:{village.port}/{GATE.path}",
        credentialsSecretRef={"name": "village"},
        enabled=True,
    )
    await resources.until_synced("gate")

    async def is_told_online() -> bool:
        return (await resources.condition("gate", "Online")).get("status") == "True"

    async with client_of(cluster) as client:
        await eventually(is_told_online, LONG_S)
        camera = await client.registry.GetCamera(camera_pb2.GetCameraRequest(name="cameras/gate"))
        status = await resources.status("gate")
        assert (status["uid"], status["recording"], status["state"]) == (camera.uid, "Always", "Online")

        await resources.delete("gate")
        await resources.until_gone("gate")
        with pytest.raises(NotFoundError), remote_errors("services/ingest"):
            await client.registry.GetCamera(camera_pb2.GetCameraRequest(name="cameras/gate"))

        async def is_stored() -> bool:
            """What was recorded until then is kept."""
            asked = storage_pb2.ListSegmentsRequest(
                camera_uid=camera.uid,
                start_ms=since_ms,
                end_ms=SystemClock().now_ms(),
                without_fragments=True,
            )
            return bool((await client.storage.ListSegments(asked)).segments)

        await eventually(is_stored, LONG_S)
