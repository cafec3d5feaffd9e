"""All tickets in use at this gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog

from services.gateway.viewing.renewal import SOON_S, Renewals
from services.gateway.viewing.use import Refusal, TicketUse
from snowlight.access.revocations import Revocations
from snowlight.access.token import TokenVerifier
from snowlight.clock import Clock
from snowlight.errors import (
    DeadlineExceededError,
    ExpiredError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
)

SYNC_WAIT_S = 5.0
SWEEP_S = 5.0
SPARE_S = 60.0
"""A ticket that was not used for so long may be forgotten where room is wanted."""
_FOREVER = float("inf")

log = structlog.get_logger(__name__)


class TicketDesk:
    """Knows each ticket that was shown here lately: a bounded number, those used longest ago make room."""

    def __init__(
        self,
        verifier: TokenVerifier,
        revocations: Revocations,
        renewals: Renewals,
        clock: Clock,
        *,
        capacity: int,
    ) -> None:
        self._verifier = verifier
        self._revocations = revocations
        self._renewals = renewals
        self._clock = clock
        self._capacity = capacity
        self._uses: dict[str, TicketUse] = {}

    def warm(self, token: str) -> TicketUse | None:
        """The ticket, if nothing has to be looked at or asked: it is known, awake, not over, and nothing was
        revoked since it was last held against what is."""
        use = self._uses.get(token)
        if use is None:
            return None
        now, revocations = self._clock.monotonic(), self._revocations
        if (
            use.epoch == revocations.epoch
            and now < use.holds_until
            and now < revocations.lost_at
            and now - use.used_at < use.idle_s
            and use.refusal is None
        ):
            use.used_at = now
            return use
        return None

    async def open(self, token: str) -> TicketUse:
        """The ticket, in use from now on.

        Raises UnauthenticatedError when it is forged, ExpiredError once it is over ("ticket.expired") or
        asleep ("ticket.idle"), PermissionDeniedError when it was revoked, and UnavailableError while too
        little is known of what was revoked.
        """
        use = self._uses.get(token) or await self._add(token)
        await self.settle(use)
        use.used_at = self._clock.monotonic()
        return use

    async def settle(self, use: TicketUse) -> None:
        """Hold the ticket against all that is known, and ask auth where that is not enough."""
        now, revocations = self._clock.monotonic(), self._revocations
        if now >= use.expires_at:
            raise ExpiredError("ticket.expired", "the ticket has expired")
        if use.refusal is not None and now < use.refusal.until:
            raise use.refusal.error()
        if now >= revocations.lost_at:
            raise UnavailableError("ticket.feed_lost", "it is not known any more what was revoked")
        if use.epoch != revocations.epoch:
            if revocations.ends(use.claims):
                use.refusal = Refusal(
                    PermissionDeniedError, "ticket.revoked", "the right to this was taken away", _FOREVER
                )
                raise use.refusal.error()
            if not revocations.unsettles(use.claims, use.decided):
                use.epoch = revocations.epoch
        if (
            use.epoch != revocations.epoch
            or now >= use.holds_until
            or now - use.used_at >= use.idle_s
            or use.refusal is not None
        ):
            await self._ask(use)

    def admit(self, use: TicketUse, address: str, agent: str) -> None:
        """Let somebody watch with the ticket. Raises PermissionDeniedError("ticket.too_many_viewers")."""
        now = self._clock.monotonic()
        try:
            if use.viewers.admit(address, agent, now):
                use.renew_at = min(use.renew_at, now)
                use.newcomer = True
        except PermissionDeniedError:
            use.renew_at = min(use.renew_at, now + SOON_S)
            raise

    def goes_on(self, use: TicketUse) -> None:
        """It is being used all the time: an answer is long."""
        use.used_at = self._clock.monotonic()

    def leave(self, use: TicketUse) -> None:
        """Nobody uses it again: it is forgotten once auth has been told of it."""
        use.finish(self._clock.monotonic())

    def doubt(self, token: str) -> None:
        """Ask auth when the ticket is next shown: it was woken or ended through this gateway."""
        use = self._uses.get(token)
        if use is not None:
            use.doubt()

    def uses(self) -> Collection[TicketUse]:
        """All that are known."""
        return self._uses.values()

    async def run(self) -> None:
        """Forget what is over or was not used for long, once auth has been told of it, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._clock.monotonic()
            for token, use in list(self._uses.items()):
                is_over = use.finished or now >= use.expires_at or now - use.used_at >= use.idle_s
                if is_over and not use.is_untold:
                    del self._uses[token]
            if len(self._uses) > self._capacity:
                self._make_room(now)

    def _make_room(self, now: float) -> None:
        """What is dropped untold was watched while auth was away for long, by more people than there is room
        for: it is counted in the log."""
        oldest = sorted(self._uses.items(), key=lambda entry: entry[1].used_at)
        untold = 0
        for token, use in oldest[: len(self._uses) - self._capacity]:
            untold += use.is_untold
            del self._uses[token]
        if untold:
            log.warning("viewing.forgotten", tickets=untold)

    async def _add(self, token: str) -> TicketUse:
        claims = await self._verifier.ticket(token)
        if not await self._revocations.known(timeout_s=SYNC_WAIT_S):
            raise UnavailableError("ticket.feed_lost", "it is not known yet what was revoked")
        now, wall_ms = self._clock.monotonic(), self._clock.now_ms()
        if now >= self._revocations.stale_at:
            raise UnavailableError("ticket.feed_lost", "it is not known any more what was revoked")
        if len(self._uses) >= 2 * self._capacity:
            raise ResourceExhaustedError("gateway.busy", "too many tickets are in use here", retry_after_s=5)
        use = TicketUse(
            claims,
            issued_at=now - max(wall_ms - claims.issue_ms, 0) / 1000,
            expires_at=now + (claims.expire_ms - wall_ms) / 1000,
            ends_at=_FOREVER if claims.until_ms is None else now + (claims.until_ms - wall_ms) / 1000,
            now=now,
        )
        return self._uses.setdefault(token, use)

    async def _ask(self, use: TicketUse) -> None:
        """Ask auth, once for all who wait for its answer."""
        if use.asking is None:
            use.asking = asyncio.create_task(self._renewals.ask(use))
            use.asking.add_done_callback(lambda _done: _asked(use))
        try:
            await asyncio.shield(use.asking)
        except (UnavailableError, DeadlineExceededError) as error:
            raise UnavailableError(
                "ticket.undecided", "auth, which would have to decide this anew, is away"
            ) from error
        if use.refusal is not None:
            raise use.refusal.error()


def _asked(use: TicketUse) -> None:
    task, use.asking = use.asking, None
    if task is not None and not task.cancelled():
        task.exception()  # who waited has been told
