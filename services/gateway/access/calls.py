"""The calls that run at the door: how many a client may have, and how each ends with its officer's right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from services.gateway.access.metrics import AccessMetrics
from services.gateway.access.officers import Officer, Officers
from snowlight.access.revocations import Revocations
from snowlight.background import running
from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError, SnowlightError, UnauthenticatedError
from snowlight.rpc.guarded_call import GuardedCall

_LOOK_S = 1.0
"""How often ends by time are looked for; those that are told end calls at once."""
_AGAIN_S = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one client, at one gateway."""

    streams: int
    unary: int


@dataclass(eq=False, slots=True)
class OpenCall:
    """One that is served now."""

    officer: Officer
    """Renewed while the call runs."""
    guarded: GuardedCall


class OpenCalls:
    """Watches them: who has lost their right loses their calls."""

    def __init__(
        self,
        officers: Officers,
        revocations: Revocations,
        clock: Clock,
        limits: Limits,
        metrics: AccessMetrics,
    ) -> None:
        self._officers = officers
        self._revocations = revocations
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._taken: Counter[tuple[str, bool]] = Counter()
        """By client, and whether it is a stream."""
        self._open: set[OpenCall] = set()

    async def run(self) -> None:
        """Go on until cancelled."""
        async with running(self._end_revoked(), self._renew()):
            await asyncio.Event().wait()

    @contextmanager
    def room(self, client: str, *, streams: bool) -> Iterator[None]:
        """Of the client's limit, one is taken inside. Raises ResourceExhaustedError when none is left."""
        key, limit = (client, streams), self._limits.streams if streams else self._limits.unary
        if self._taken[key] >= limit:
            kind = "streams" if streams else "calls with one answer"
            raise ResourceExhaustedError(
                "access.too_many_streams" if streams else "access.too_many_calls",
                f"a client has at most {limit} {kind} open here",
                retry_after_s=_AGAIN_S,
            )
        self._taken[key] += 1
        self._metrics.open_calls.labels("stream" if streams else "unary").inc()
        try:
            yield
        finally:
            self._metrics.open_calls.labels("stream" if streams else "unary").dec()
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]

    @contextmanager
    def serving(self, officer: Officer, guarded: GuardedCall) -> Iterator[OpenCall]:
        """The call goes on inside, until it is ended with its officer's right."""
        call = OpenCall(officer, guarded)
        self._open.add(call)
        try:
            yield call
        finally:
            self._open.discard(call)

    async def _end_revoked(self) -> None:
        while True:
            for call in list(self._open):
                try:
                    self._officers.require_running(call.officer)
                except SnowlightError as error:
                    self._end(call, error)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._revocations.news()

    async def _renew(self) -> None:
        while True:
            now_ms = self._clock.now_ms()
            async with asyncio.TaskGroup() as group:
                for call in list(self._open):
                    if call.officer.renew_ms <= now_ms:
                        group.create_task(self._renew_one(call))
            await asyncio.sleep(_LOOK_S)

    async def _renew_one(self, call: OpenCall) -> None:
        try:
            call.officer = await self._officers.renewed(call.officer)
        except UnauthenticatedError as error:
            self._end(call, error)
        except SnowlightError as error:  # it goes on meanwhile, and is tried again
            log.info("access.not_renewed", error=error.code)

    def _end(self, call: OpenCall, error: SnowlightError) -> None:
        if call.guarded.end(error):
            log.info("access.ended", client=call.officer.person.client_id, error=error.code)
