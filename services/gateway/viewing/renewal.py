"""Asking auth about tickets in use, and telling it what was watched."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from itertools import count

import structlog

from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.viewing.use import Refusal, TicketUse
from snowlight.access.revocations import Position, Revocations
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.errors import ExpiredError, PermissionDeniedError, SnowlightError, UnavailableError
from snowlight.rpc.status import remote_errors

INTERVAL_S = 60.0
TICK_S = 1.0
RETRY_S = 5.0
LOOK_AGAIN_S = 3.0
SOON_S = 10.0
"""Between two renewals of a ticket that newcomers ask for."""
BATCH = 500
AT_ONCE = 4
LAST_REPORT_S = 3.0
ASLEEP_KEPT_S = 1.0
"""How long it is believed that a ticket sleeps: it may be woken through another gateway."""
TOO_MANY_KEPT_S = 15.0
_FOREVER = float("inf")

log = structlog.get_logger(__name__)


class Renewals:
    """Speaks to auth for this gateway."""

    def __init__(self, peers: Peers, revocations: Revocations, clock: Clock) -> None:
        self._peers = peers
        self._revocations = revocations
        self._clock = clock
        self._gateway = secrets.token_urlsafe(12)
        self._reports = count(1)
        """Of all tickets: one that was forgotten here and comes again must not count as told already."""

    async def ask(self, use: TicketUse) -> None:
        """Have the ticket decided anew now. Raises UnavailableError and the like while auth is away."""
        await self._renew([use], [auth_pb2.RenewTicketRequest(ticket_id=use.claims.ticket_id)])

    async def run(self, uses: Callable[[], Collection[TicketUse]]) -> None:
        """Renew what is due until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            now = self._clock.monotonic()
            due = [use for use in uses() if use.is_due(now)]
            if due:
                await self._report(due, last=False)

    async def finish(self, uses: Collection[TicketUse]) -> None:
        """Tell the rest, in a bounded time: nothing is watched any more."""
        told = [use for use in uses if use.is_untold]
        try:
            async with asyncio.timeout(LAST_REPORT_S):
                await self._report(told, last=True)
                # What was pending first had an older report; what is left goes now.
                await self._report([use for use in told if use.is_untold], last=True)
        except TimeoutError:
            log.warning("viewing.not_reported", tickets=len(told))

    async def _report(self, uses: Sequence[TicketUse], *, last: bool) -> None:
        async def send_on(batches: asyncio.Queue[Sequence[TicketUse]]) -> None:
            while not batches.empty():
                await self._send(batches.get_nowait(), last=last)

        batches: asyncio.Queue[Sequence[TicketUse]] = asyncio.Queue()
        for start in range(0, len(uses), BATCH):
            batches.put_nowait(uses[start : start + BATCH])
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, batches.qsize())):
                group.create_task(send_on(batches))

    async def _send(self, uses: Sequence[TicketUse], *, last: bool) -> None:
        now = self._clock.monotonic()
        reports = [self._pending(use, now, last=last) for use in uses]
        try:
            await self._renew(uses, reports)
        except SnowlightError as error:
            log.info("viewing.not_renewed", error=error.code, tickets=len(uses))
            for use in uses:
                use.renew_at = now + RETRY_S

    def _pending(self, use: TicketUse, now: float, *, last: bool) -> auth_pb2.RenewTicketRequest:
        """The report whose answer is missing, told once more, or else a new one."""
        if use.pending is None:
            use.look_again, use.newcomer = use.newcomer, False
            all_of_it = last or use.finished or use.refusal is not None
            watched_ms, watched_bytes = use.measure.take(all_of_it=all_of_it)
            use.pending = auth_pb2.RenewTicketRequest(
                ticket_id=use.claims.ticket_id,
                report=next(self._reports),
                watched_ms=watched_ms,
                watched_bytes=watched_bytes,
                refused_addresses=use.viewers.told(),
                finished=use.finished,
            )
            for viewer in use.viewers.now(now):
                told = use.pending.viewers.add(viewer=viewer.id)
                told.first_time.FromMilliseconds(self._wall_ms(viewer.first_at, now))
                told.last_time.FromMilliseconds(self._wall_ms(viewer.last_at, now))
            use.pending.use_time.FromMilliseconds(self._wall_ms(use.used_at, now))
            use.reported_use = use.used_at
        return use.pending

    async def _renew(
        self, uses: Sequence[TicketUse], requests: Sequence[auth_pb2.RenewTicketRequest]
    ) -> None:
        position, epoch = self._revocations.position, self._revocations.epoch
        batch = auth_pb2.BatchRenewTicketsRequest(gateway=self._gateway, requests=requests)
        with remote_errors(AUTH):
            answer = await self._peers.access.BatchRenewTickets(batch, timeout=CALL_TIMEOUT_S)
        if len(answer.responses) != len(requests):
            raise UnavailableError("auth.malformed", "auth did not answer for each ticket")
        now = self._clock.monotonic()
        for use, request, response in zip(uses, requests, answer.responses, strict=True):
            if request is use.pending:
                use.pending = None
                use.finished_told = request.finished
                use.renew_at = now + _pause_s(use)
            self._take(use, response, position, epoch, now)

    def _take(
        self,
        use: TicketUse,
        response: auth_pb2.RenewTicketResponse,
        position: Position,
        epoch: int,
        now: float,
    ) -> None:
        match response.refusal:
            case "":
                use.refusal = None
                use.decided, use.epoch = position, epoch
                use.hold(self._ends_at(response, now), now)
                use.rests_on(response.grants)
                use.viewers.refuse(set(response.refused_viewers), now)
            case "ticket.idle":
                use.refusal = Refusal(ExpiredError, "ticket.idle", response.detail, now + ASLEEP_KEPT_S)
            case "ticket.expired":
                use.refusal = Refusal(ExpiredError, "ticket.expired", response.detail, _FOREVER)
            case "ticket.too_many_viewers" as code:
                use.refusal = Refusal(PermissionDeniedError, code, response.detail, now + TOO_MANY_KEPT_S)
            case code:
                use.refusal = Refusal(PermissionDeniedError, code, response.detail, _FOREVER)

    def _ends_at(self, response: auth_pb2.RenewTicketResponse, now: float) -> float:
        if not response.HasField("until_time"):
            return _FOREVER
        return now + (response.until_time.ToMilliseconds() - self._clock.now_ms()) / 1000

    def _wall_ms(self, at: float, now: float) -> int:
        return self._clock.now_ms() - round((now - at) * 1000)


def _pause_s(use: TicketUse) -> float:
    """Until the next renewal."""
    if use.newcomer or use.finished != use.finished_told:
        return 0.0
    return LOOK_AGAIN_S if use.look_again else INTERVAL_S
