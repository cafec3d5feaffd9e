"""Every call of ingest to the API server, as roles grant it: the chart's, and their tests, follow it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """Something that a service account must be allowed."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    named: bool = False
    """Only of the StatefulSet that ingest's pods are of."""
    cluster: bool = False
    """Of no namespace: it needs a ClusterRole."""


ZONE = (Call("get", "nodes", cluster=True),)
"""Only where `SNOWLIGHT_INGEST_ZONE` is unset."""
POD = (Call("get", "pods"), Call("list", "pods"), Call("watch", "pods"))
AUTOSCALER = (
    Call("get", "statefulsets", "apps", subresource="scale", named=True),
    Call("patch", "statefulsets", "apps", subresource="scale", named=True),
)
"""Only with `SNOWLIGHT_KUBERNETES_AUTOSCALE`."""
