"""Every call to the API server that camera resources make: what the chart's Role allows, and no more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiCall:
    """`verb` as RBAC has it; `resource` with its subresource, "cameras/status"."""

    group: str
    resource: str
    verb: str


CALLS = (
    *(ApiCall("snowlight.io", "cameras", verb) for verb in ("list", "watch", "patch")),
    ApiCall("snowlight.io", "cameras/status", "patch"),
    *(ApiCall("snowlight.io", "camerasites", verb) for verb in ("list", "watch")),
    ApiCall("snowlight.io", "camerasites/status", "patch"),
    *(ApiCall("", "secrets", verb) for verb in ("list", "watch")),
    ApiCall("", "events", "create"),
)
"""In the namespace of the resources."""
