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
POD = (Call("list", "pods"), Call("watch", "pods"))
AUTOSCALER = (
    Call("get", "statefulsets", "apps", subresource="scale", named=True),
    Call("patch", "statefulsets", "apps", subresource="scale", named=True),
)
"""Only with `SNOWLIGHT_KUBERNETES_AUTOSCALE`."""
CAMERA_RESOURCES = (
    *(Call(verb, "cameras", "snowlight.io") for verb in ("list", "watch", "patch")),
    Call("patch", "cameras", "snowlight.io", subresource="status"),
    *(Call(verb, "camerasites", "snowlight.io") for verb in ("list", "watch")),
    Call("patch", "camerasites", "snowlight.io", subresource="status"),
    *(Call(verb, "secrets") for verb in ("list", "watch")),
    Call("create", "events"),
)
"""Only with `SNOWLIGHT_KUBERNETES_CAMERA_RESOURCES`, in the namespace of these."""
