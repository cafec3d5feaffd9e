"""Camera resources on a real API server, and a registry that they are brought into."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from kubernetes.aio.client import ApiClient
from prometheus_client import CollectorRegistry

from services.ingest.camera_resources.duty import CameraResources
from services.ingest.camera_resources.metrics import CameraResourceMetrics
from services.ingest.camera_resources.term import Term
from services.ingest.kubernetes.client import KubernetesClient
from services.ingest.kubernetes.metrics import KubernetesMetrics
from snowlight.background import running
from snowlight.clock import SystemClock
from tests.chart.rendering import render
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.rest import KubernetesRest, Object
from tests.rpc.ingest.conftest import Registry
from tests.waiting import eventually

GROUP = "/apis/snowlight.io/v1alpha1"
REGION = "regions/421381101204"
LONG_S = 60.0
"""A busy machine takes so long at most for what takes a moment."""


class Resources:
    """The Cameras, sites and Secrets of one namespace."""

    def __init__(self, rest: KubernetesRest, namespace: str) -> None:
        self.rest = rest
        self.namespace = namespace
        self.cameras = f"{GROUP}/namespaces/{namespace}/cameras"
        self.sites = f"{GROUP}/namespaces/{namespace}/camerasites"

    async def create(self, name: str, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
        """A Camera; `spec` besides a region and a source. Raises RefusedError."""
        body = {"region": REGION, "sourceUrl": "rtsp://10.0.0.1/main", **spec}
        return await self.rest.create(
            self.cameras,
            _camera(name, {key: value for key, value in body.items() if value is not None}, annotations),
        )

    async def create_site(self, name: str, **spec: Any) -> Object:
        """A CameraSite. Raises RefusedError."""
        manifest = {
            "apiVersion": "snowlight.io/v1alpha1",
            "kind": "CameraSite",
            "metadata": {"name": name},
            "spec": {"region": REGION, **spec},
        }
        return await self.rest.create(self.sites, manifest)

    async def create_secret(self, name: str, user: str, password: str) -> None:
        """Credentials that cameras may be sent."""
        await self.rest.create(
            f"/api/v1/namespaces/{self.namespace}/secrets",
            {
                "metadata": {"name": name, "labels": {"snowlight.io/camera-credentials": "true"}},
                "stringData": {"username": user, "password": password},
            },
        )

    async def change(self, name: str, **spec: Any) -> None:
        """Fields of a Camera's spec."""
        await self.rest.patch(f"{self.cameras}/{name}", {"spec": spec})

    async def delete(self, name: str) -> None:
        """As `kubectl delete --wait=false`."""
        await self.rest.delete(f"{self.cameras}/{name}")

    async def status(self, name: str) -> Mapping[str, Any]:
        """The status of a Camera as it is."""
        return (await self.rest.get(f"{self.cameras}/{name}")).get("status") or {}

    async def condition(self, name: str, kind: str = "Synced") -> Mapping[str, Any]:
        """A condition of a Camera; empty before there is one."""
        conditions = (await self.status(name)).get("conditions") or ()
        return next((one for one in conditions if one["type"] == kind), {})

    async def until_synced(self, name: str, *, is_synced: bool = True) -> Mapping[str, Any]:
        """The condition, once it is of the newest spec and says so."""
        generation = (await self.rest.get(f"{self.cameras}/{name}"))["metadata"]["generation"]

        async def says() -> bool:
            condition = await self.condition(name)
            is_newest = bool(condition.get("observedGeneration") == generation)
            return is_newest and bool(condition["status"] == str(is_synced))

        await eventually(says, LONG_S)
        return await self.condition(name)

    async def until_gone(self, name: str) -> None:
        """Return once there is no such Camera."""

        async def is_gone() -> bool:
            return not await self.rest.exists(f"{self.cameras}/{name}")

        await eventually(is_gone, LONG_S)

    async def events(self, name: str) -> list[tuple[str, str]]:
        """Reasons and messages of what was told of a Camera."""
        found = await self.rest.items(f"/api/v1/namespaces/{self.namespace}/events")
        return [(one["reason"], one["message"]) for one in found if one["involvedObject"]["name"] == name]


def _camera(name: str, spec: Mapping[str, Any], annotations: Mapping[str, str] | None) -> Object:
    return {
        "apiVersion": "snowlight.io/v1alpha1",
        "kind": "Camera",
        "metadata": {"name": name, "annotations": dict(annotations or {})},
        "spec": spec,
    }


async def install_definitions(rest: KubernetesRest) -> None:
    """Both kinds, as the chart has them."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    wanted = [
        manifest
        for manifest in render({"cameraResources": {"enabled": True}})
        if manifest["kind"] == "CustomResourceDefinition"
    ]
    for manifest in wanted:
        if not await rest.exists(f"{path}/{manifest['metadata']['name']}"):
            await rest.create(path, manifest)

    async def is_served() -> bool:
        return all([await rest.exists(f"{GROUP}/{kind}") for kind in ("cameras", "camerasites")])

    await eventually(is_served, LONG_S)


@asynccontextmanager
async def bringing_in(
    registry: Registry,
    server: KubeApiserver,
    namespace: str,
    *,
    has_duty: Callable[[], bool] = lambda: True,
    client_of: Callable[[ApiClient, KubernetesMetrics], KubernetesClient] = KubernetesClient,
    token: str | None = None,
    url: str | None = None,
) -> AsyncIterator[CollectorRegistry]:
    """A worker that brings the namespace's resources into the registry; its metrics. `url`: of a proxy."""
    metrics = CollectorRegistry()
    told = CameraResourceMetrics(metrics)
    async with server.client(token, url=url) as client:
        asked = client_of(client, KubernetesMetrics(metrics))

        def new_term() -> Term:
            feed, board = registry.feed, registry.board
            return Term(asked, namespace, registry.cameras, feed, board, SystemClock(), told, has_duty)

        async with running(CameraResources(new_term, told, has_duty).run()):
            yield metrics


async def until_registered(registry: Registry, *names: str) -> None:
    """Return once there are cameras of these names."""

    async def are_there() -> bool:
        return len(await registry.cameras.find(names)) == len(names)

    await eventually(are_there, LONG_S)


async def settled(seconds: float = 3.0) -> None:
    """Time enough for what must not happen to happen."""
    await asyncio.sleep(seconds)
