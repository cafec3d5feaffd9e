"""Around every call at the door: who calls, and how much of it one client may do at once."""

from __future__ import annotations

import math
from collections import Counter
from contextvars import ContextVar
from typing import Any

import structlog

from services.gateway.access.certificate import ClientCertificates
from services.gateway.access.officers import Officer, Officers
from services.gateway.access.statement import METADATA
from services.gateway.http.rates import Rates
from snowlight.errors import ResourceExhaustedError, UnauthenticatedError
from snowlight.observability.metrics import RpcMetrics
from snowlight.observability.tracing import Tracing
from snowlight.rpc.interceptors import CallGuard, Metadata, bearer_token
from snowlight.rpc.peer import peer_address

import grpc  # isort: skip

log = structlog.get_logger(__name__)

_OPEN = "/grpc.health.v1.Health/"
_CLIENT = "client"
_officer: ContextVar[Officer] = ContextVar("officer")


def calling_officer() -> Officer:
    """Who makes the call that this task serves."""
    return _officer.get()


class OfficerGuard(CallGuard):
    """Lets in clients whose certificate auth knows, in the name of an officer or in nobody's."""

    def __init__(
        self, officers: Officers, rates: Rates, max_streams: int, metrics: RpcMetrics, tracing: Tracing
    ) -> None:
        super().__init__(metrics, tracing)
        self._officers = officers
        self._rates = rates
        self._max_streams = max_streams
        self._certificates = ClientCertificates()
        self._calls: Counter[str] = Counter()
        """Open, by client."""

    def _admit(self, method: str, metadata: Metadata) -> str | None:
        return None if method.startswith(_OPEN) else _CLIENT

    async def _enter(
        self, method: str, caller: str | None, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        if caller is None:
            return
        certificate = self._certificates.of(context.auth_context())
        told = context.invocation_metadata() or ()
        statement = next((str(value) for key, value in told if key == METADATA), "")
        token = bearer_token(told) if any(key == "authorization" for key, _ in told) else ""
        address = peer_address(context)
        try:
            officer = await self._officers.named(certificate, token, statement, address)
        except UnauthenticatedError as error:
            log.warning(
                "access.refused", method=method, error=error.code, certificate=certificate.fingerprint
            )
            raise
        client = officer.person.client_id
        self._require_room(client)
        self._calls[client] += 1
        _officer.set(officer)

    def _leave(self) -> None:
        officer = _officer.get(None)
        if officer is None:
            return
        client = officer.person.client_id
        self._calls[client] -= 1
        if not self._calls[client]:
            del self._calls[client]

    def _require_room(self, client: str) -> None:
        taken = self._rates.take(client)
        if not taken.allowed:
            raise ResourceExhaustedError(
                "access.rate",
                f"at most {self._rates.quota} calls in {self._rates.window_s:g} s",
                retry_after_s=max(1, math.ceil(taken.retry_in_s)),
            )
        if self._calls[client] >= self._max_streams:
            raise ResourceExhaustedError(
                "access.too_many_streams",
                f"a client has at most {self._max_streams} calls open here",
                retry_after_s=5,
            )
