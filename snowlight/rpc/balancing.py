"""How callers find the processes of a service, share their calls among them, and which calls they make again.

A service's address may lead to several processes: a name with several addresses, such as a headless Service's
(`dns:///NAME:PORT`). Certificates are checked for that name, whichever address is connected to.

Callers look the name up again when a connection ends. So that they hear of processes that are added, a
server whose callers share their calls lets a connection take new calls for CONNECTION_SECONDS. Calls and
streams that run go on over the old one for as long as they last.
"""

import json
from typing import Any, Final

from snowlight.rpc.permissions import PERMISSIONS

CONNECTION_SECONDS: Final = 30.0
"""With the seconds that DNS may remember, a process that is added has its share within a minute."""
LOOK_UP_SECONDS: Final = 5.0
"""Names are not looked up more often."""
NO_RETRY: Final = ("grpc-retry-pushback-ms", "-1")
"""Trailing metadata of an answer: it is not to be asked for again (gRFC A6)."""

_RETRIES: Final = {
    "maxAttempts": 3,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}
"""CANCELLED: a server that stops answers so what has come and was not begun (grpc/grpc#41785)."""
_THROTTLING: Final = {"maxTokens": 10, "tokenRatio": 0.1}
"""No call is made again while half of those made lately have failed: that would be load, and no help."""


def calling(*, balanced: bool) -> tuple[tuple[str, int | str], ...]:
    """Options of a channel.

    `balanced`: calls go to all processes in turn. Else all go to one of them, each channel's to another,
    until that one goes. Either way one that ends is left at once, and calls that have not left are made
    elsewhere. Those that only read are made again, too, where the connection broke without an answer.
    """
    return (
        ("grpc.service_config", json.dumps(_service_config(balanced))),
        ("grpc.dns_min_time_between_resolutions_ms", int(LOOK_UP_SECONDS * 1000)),
    )


def serving(connection_seconds: float | None) -> tuple[tuple[str, int], ...]:
    """Options of a server whose connections take new calls for so long (± 10 %); None: for ever."""
    if connection_seconds is None:
        return ()
    return (("grpc.max_connection_age_ms", int(connection_seconds * 1000)),)


def _service_config(balanced: bool) -> dict[str, Any]:
    policy: dict[str, Any] = {"round_robin": {}} if balanced else {"pick_first": {"shuffleAddressList": True}}
    return {
        "loadBalancingConfig": [policy],
        "methodConfig": [{"name": _reads(), "retryPolicy": _RETRIES}],
        "retryThrottling": _THROTTLING,
    }


def _reads() -> list[dict[str, str]]:
    """Get and List have no side effects (AIP-131, AIP-132)."""
    methods = (method.removeprefix("/").split("/") for method in PERMISSIONS)
    return [
        {"service": service, "method": method}
        for service, method in methods
        if method.startswith(("Get", "List"))
    ]
