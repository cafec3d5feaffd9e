"""Objects that a release has made, as the API server has them."""

from collections.abc import Mapping

from tests.chart.rendering import Manifest
from tests.parts.kubernetes.rest import KubernetesRest

CLUSTER_WIDE = {"PriorityClass", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}


class Objects:
    """Finds where in the API an object of any kind is."""

    def __init__(self, rest: KubernetesRest, namespace: str) -> None:
        self._rest = rest
        self._namespace = namespace
        self._plurals: dict[str, Mapping[str, str]] = {}
        """By group and version: each kind's."""

    async def path(self, manifest: Manifest) -> str:
        """Of the object that the manifest tells."""
        version = manifest["apiVersion"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if version not in self._plurals:
            found = (await self._rest.get(root))["resources"]
            self._plurals[version] = {one["kind"]: one["name"] for one in found if "/" not in one["name"]}
        kind = manifest["kind"]
        plural = f"{self._plurals[version][kind]}/{manifest['metadata']['name']}"
        if kind in CLUSTER_WIDE:
            return f"{root}/{plural}"
        namespace = manifest["metadata"].get("namespace", self._namespace)
        return f"{root}/namespaces/{namespace}/{plural}"

    async def live(self, manifest: Manifest) -> Manifest:
        """As it is now. Raises RefusedError."""
        return await self._rest.get(await self.path(manifest))

    async def exists(self, manifest: Manifest) -> bool:
        """It is there."""
        return await self._rest.exists(await self.path(manifest))
