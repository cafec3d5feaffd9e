"""Around every call at the door: who calls, and how much of it one client may do at once."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import Any

import structlog

from services.gateway.access.calls import OpenCall, OpenCalls
from services.gateway.access.certificate import ClientCertificate, ClientCertificates
from services.gateway.access.metrics import AccessMetrics
from services.gateway.access.officers import Client, Officer, Officers, feed_lost
from services.gateway.access.statement import METADATA
from services.gateway.http.rates import Rates
from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError, SnowlightError, UnauthenticatedError, UnavailableError
from snowlight.instants import format_instant
from snowlight.observability.metrics import RpcMetrics
from snowlight.observability.tracing import Tracing
from snowlight.rpc.guarded_call import GuardedCall
from snowlight.rpc.interceptors import CallGuard, Metadata, bearer_token
from snowlight.rpc.peer import peer_address

import grpc  # isort: skip

log = structlog.get_logger(__name__)

EXPIRES = "snowlight-certificate-expires"
"""Trailing metadata: when the client's certificate ends, RFC 3339, once that is near."""
NEAR_MS = 30 * 86_400_000
AGAIN_S = 5
"""When to come again while a service behind is away."""
_SILENT = ".deadline_exceeded"
_AWAY = frozenset(
    {f"{behind}.unavailable" for behind in ("auth", "ingest", "storage", "database")}
    | {"ticket.undecided", "access.feed_lost"}
)
_OPEN = "/grpc.health.v1.Health/"
_CLIENT = "client"
_call: ContextVar[OpenCall] = ContextVar("call")


def calling_officer() -> Officer:
    """Who makes the call that this task serves, with a token that is good now: a call that lasts asks again
    whenever it needs them."""
    return _call.get().officer


class OfficerGuard(CallGuard):
    """Lets in clients whose certificate auth knows, in the name of an officer or in nobody's."""

    def __init__(
        self,
        officers: Officers,
        calls: OpenCalls,
        rates: Rates,
        clock: Clock,
        metrics: AccessMetrics,
        rpc_metrics: RpcMetrics,
        tracing: Tracing,
    ) -> None:
        super().__init__(rpc_metrics, tracing)
        self._officers = officers
        self._calls = calls
        self._rates = rates
        self._clock = clock
        self._counts = metrics
        self._certificates = ClientCertificates()

    def _admit(self, method: str, metadata: Metadata) -> str | None:
        return None if method.startswith(_OPEN) else _CLIENT

    @asynccontextmanager
    async def _entered(self, call: GuardedCall) -> AsyncIterator[None]:
        if call.caller is None:
            yield
            return
        with ExitStack() as held:
            try:
                client = await self._client(call.context)
                self._require_rate(client.client_id)
                held.enter_context(self._calls.room(client.client_id, streams=call.streams))
                officer = await self._officer(client, call)
            except SnowlightError as error:
                self._counts.refused.labels(error.code).inc()
                raise
            self._tell_end(client.certificate, call.context)
            _call.set(held.enter_context(self._calls.serving(officer, call)))
            yield

    def _told(self, error: SnowlightError) -> SnowlightError:
        """While a service behind is away each is told so in one way, whatever was asked, and when to come
        again."""
        if error.code == "ticket.feed_lost":
            error = feed_lost()
        if error.code.endswith(_SILENT):  # the gateway's deadline to it: the caller's own is another one
            error = UnavailableError(f"{error.code.removesuffix(_SILENT)}.unavailable", error.detail)
        if error.code in _AWAY and error.retry_after_s is None:
            error.retry_after_s = AGAIN_S
        return error

    async def _client(self, context: grpc.aio.ServicerContext[Any, Any]) -> Client:
        certificate = self._certificates.of(context.auth_context())
        return await self._officers.client(certificate, peer_address(context))

    async def _officer(self, client: Client, call: GuardedCall) -> Officer:
        told = call.context.invocation_metadata() or ()
        statement = next((str(value) for key, value in told if key == METADATA), "")
        token = bearer_token(told) if any(key == "authorization" for key, _ in told) else ""
        try:
            return await self._officers.named(client, token, statement)
        except UnauthenticatedError as error:
            log.warning("access.refused", method=call.method, client=client.client_id, error=error.code)
            raise

    def _require_rate(self, client: str) -> None:
        taken = self._rates.take(client)
        if not taken.allowed:
            raise ResourceExhaustedError(
                "access.rate",
                f"at most {self._rates.quota} calls in {self._rates.window_s:g} s",
                retry_after_s=max(1, math.ceil(taken.retry_in_s)),
            )

    def _tell_end(self, certificate: ClientCertificate, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        if certificate.end_ms - self._clock.now_ms() <= NEAR_MS:
            context.set_trailing_metadata(((EXPIRES, format_instant(certificate.end_ms)),))
