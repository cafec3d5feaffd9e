"""Ingest's ServiceAccount on the API server, with the rights that the chart gives it."""

from __future__ import annotations

from tests.chart.rendering import Manifest, of_kind, render
from tests.parts.kubernetes.rest import KubernetesRest, Object

NAME = "snowlight-ingest"
ROLE = "snowlight-camera-resources"
_RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


class IngestAccount:
    """In one namespace, where its Cameras are too."""

    def __init__(self, rest: KubernetesRest, namespace: str) -> None:
        self._rest = rest
        self._namespace = namespace
        self._accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        manifests = render({"cameraResources": {"enabled": True}}, namespace=namespace)
        self._role = of_kind(manifests, "Role")[ROLE]
        self._binding = of_kind(manifests, "RoleBinding")[ROLE]

    async def create(self) -> None:
        """With its role."""
        await self._rest.create(self._accounts, {"metadata": {"name": NAME}})
        await self._rest.create(f"{_RBAC}/{self._namespace}/roles", self._role)
        await self.give_role()

    async def give_role(self) -> None:
        """All its rights."""
        await self._rest.create(f"{_RBAC}/{self._namespace}/rolebindings", self._binding)

    async def take_role(self) -> None:
        """It has no right then."""
        await self._rest.delete(f"{_RBAC}/{self._namespace}/rolebindings/{ROLE}")

    async def allow(self, resource: str, *verbs: str) -> None:
        """It may do this alone with one of its resources."""
        await self._rest.patch(
            f"{_RBAC}/{self._namespace}/roles/{ROLE}", {"rules": _with(self._role, resource, verbs)}
        )

    async def token(self, bound_to: Object | None = None) -> str:
        """A new one, which is refused once the Secret is gone that it is bound to."""
        spec: Object = {}
        if bound_to is not None:
            metadata = bound_to["metadata"]
            reference = {
                "kind": "Secret",
                "apiVersion": "v1",
                "name": metadata["name"],
                "uid": metadata["uid"],
            }
            spec["boundObjectRef"] = reference
        answer = await self._rest.create(f"{self._accounts}/{NAME}/token", {"spec": spec})
        return str(answer["status"]["token"])


def _with(role: Manifest, resource: str, verbs: tuple[str, ...]) -> list[Manifest]:
    """Its rules, with `resource` for these verbs alone."""
    others = []
    for rule in role["rules"]:
        left = [one for one in rule["resources"] if one != resource]
        if left:
            others.append({**rule, "resources": left})
        if resource in rule["resources"] and verbs:
            others.append({**rule, "resources": [resource], "verbs": list(verbs)})
    return others
