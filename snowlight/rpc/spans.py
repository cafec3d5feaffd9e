"""What spans tell of gRPC calls (OpenTelemetry semantic conventions for gRPC)."""

import grpc

from snowlight.observability.tracing import Attributes

SERVER_FAULTS = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""Codes that are a fault of who serves; others tell the caller of theirs."""


def call_attributes(method: str) -> Attributes:
    """Of a call to `method` ("/package.Service/Method")."""
    service, _, name = method.removeprefix("/").partition("/")
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}


def outcome(code: grpc.StatusCode) -> Attributes:
    """Of a call that ended with `code`."""
    return {"rpc.grpc.status_code": code.value[0]}
