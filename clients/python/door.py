"""How a platform comes to the door, and what to do when a call is refused or breaks off."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from joserfc import jwk, jwt

LARGEST = 32 << 20
"""Bytes of one message: a key frame of a large picture is more than gRPC's usual 4 MB."""
STATEMENT_S = 300
"""How long a statement says that it is good for; ten minutes is the most."""
SPARE_S = 60
"""A new one is signed so long before the last one ends."""
LONGEST_ANSWER_S = 30.0
"""A call with one answer waits for it so long. Streams go on for as long as they are read."""
_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST),
    # Pings tell that a silent door is still there. It sends away who pings more often than each 10 s.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
)
MOST_ATTEMPTS = 8
LONGEST_PAUSE_S = 30.0


class Statements(grpc.AuthMetadataPlugin):
    """Who acts and what for, beside each call: signed with the key of the client's certificate."""

    def __init__(self, officer: str, unit: str, incident: str, key: bytes) -> None:
        self._said = {"aud": "snowlight", "sub": officer, "unit": unit, "incident": incident}
        self._key = jwk.ECKey.import_key(key)
        self._text, self._end = "", 0

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        now = int(time.time())
        if now >= self._end - SPARE_S:
            self._end = now + STATEMENT_S
            claims = {**self._said, "iat": now, "exp": self._end}
            self._text = jwt.encode({"alg": "ES256", "typ": "officer+jwt"}, claims, self._key)
        callback((("snowlight-officer", self._text),), None)


def connect(options: argparse.Namespace) -> grpc.Channel:
    """The one connection that all calls share. With an officer, each call names them."""
    key = options.key.read_bytes()
    credentials = grpc.ssl_channel_credentials(options.ca.read_bytes(), key, options.cert.read_bytes())
    if options.officer:
        statements = Statements(options.officer, options.unit, options.incident, key)
        credentials = grpc.composite_channel_credentials(
            credentials, grpc.metadata_call_credentials(statements)
        )
    return grpc.intercept_channel(
        grpc.secure_channel(options.door, credentials, options=_OPTIONS), Deadlines()
    )


class _Limited(NamedTuple):
    """What gRPC knows of a call that is about to begin."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class Deadlines(grpc.UnaryUnaryClientInterceptor):
    """Of calls with one answer."""

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """Begin the call, with a deadline where it has none."""
        told = client_call_details
        timeout = LONGEST_ANSWER_S if told.timeout is None else told.timeout
        limited = _Limited(
            told.method, timeout, told.metadata, told.credentials, told.wait_for_ready, told.compression
        )
        return continuation(limited, request)


@dataclass
class Refusal:
    """What the door says when it does not answer."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    """Stable: "camera.not_found"."""
    fields: tuple[str, ...] = ()
    retry_s: float = 0
    """When to come again; 0: it does not say."""

    @property
    def passes(self) -> bool:
        """The same call may succeed later, with nothing done about it."""
        return self.code is grpc.StatusCode.UNAVAILABLE or self.retry_s > 0

    def __str__(self) -> str:
        text = f"{self.code.name} {self.reason}: {self.message}"
        text += f" (field {', '.join(self.fields)})" if self.fields else ""
        return text + (f" (again in {self.retry_s:g} s)" if self.retry_s else "")


def read_refusal(error: grpc.RpcError) -> Refusal:
    """A call's error with its details (google.rpc)."""
    refusal = Refusal(error.code(), error.details() or "")
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, request, retry = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        if detail.Unpack(info):
            refusal.reason = info.reason
        elif detail.Unpack(request):
            refusal.fields = tuple(each.field for each in request.field_violations)
        elif detail.Unpack(retry):
            refusal.retry_s = retry.retry_delay.ToNanoseconds() / 1e9
    return refusal


def keep_on(attempt: Callable[[], None], so_far: Callable[[], float]) -> None:
    """Call `attempt`, which begins where the last one ended, until one succeeds.

    Raises grpc.RpcError when one is refused for good, or when many, one after another, brought nothing: then
    `so_far` is what it was.
    """
    wait_s, failures = 1.0, 0
    while True:
        before = so_far()
        try:
            return attempt()
        except grpc.RpcError as error:
            if so_far() > before:
                wait_s, failures = 1.0, 0
            failures += 1
            refusal = read_refusal(error)
            if not refusal.passes or failures >= MOST_ATTEMPTS:
                raise
            wait_s = refusal.retry_s or wait_s
            print(f"broken off: {refusal}; again in {wait_s:g} s")
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_PAUSE_S)
