"""One ticket in use at this gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.gateway.viewing.measure import Measure
from services.gateway.viewing.viewers import Viewers
from snowlight.access.revocations import Position
from snowlight.access.token import TicketClaims
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import SnowlightError

IDLE_S = 1800.0
"""A ticket that is not used for so long is asleep."""
DECISION_KEPT_S = 660.0
"""How long auth's last word holds while it does not answer: ten minutes after a renewal was due."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is let in, and until when: asked again after that."""

    kind: type[SnowlightError]
    code: str
    detail: str
    until: float

    def error(self) -> SnowlightError:
        """To raise."""
        return self.kind(self.code, self.detail)


class TicketUse:
    """What is known of a ticket, ready for the next request. Instants are seconds on the monotonic clock."""

    __slots__ = (
        "asking",
        "claims",
        "decided",
        "epoch",
        "expires_at",
        "finished",
        "finished_told",
        "holds_until",
        "idle_s",
        "look_again",
        "measure",
        "newcomer",
        "pending",
        "refusal",
        "renew_at",
        "reported_use",
        "used_at",
        "viewers",
    )

    def __init__(
        self, claims: TicketClaims, *, issued_at: float, expires_at: float, ends_at: float, now: float
    ) -> None:
        """`ends_at`: see `hold`."""
        self.claims = claims
        self.expires_at = expires_at
        self.hold(ends_at, now)
        self.idle_s = float("inf") if claims.sponsor else IDLE_S
        self.used_at = issued_at
        """When it was last used here; of one never seen here, when it was made."""
        self.epoch = -1
        """Of the revocations that it was last held against."""
        self.decided: Position | None = None
        """How far the feed was known when auth was last asked; None: at its issue."""
        self.refusal: Refusal | None = None
        self.asking: asyncio.Task[None] | None = None
        self.measure = Measure()
        self.viewers = Viewers(claims.max_viewers)
        self.renew_at = now
        """The first renewal comes at once: it tells auth who watches, and decides what may have crossed."""
        self.newcomer = False
        """Somebody has come since the last report."""
        self.look_again = False
        """The last report told of one. Another gateway may tell of its own just after that: renew soon."""
        self.reported_use = float("-inf")
        self.pending: auth_pb2.RenewTicketRequest | None = None
        """A report whose answer has not come."""
        self.finished = False
        """Nobody uses it again."""
        self.finished_told = False

    def rests_on(self, grants: Iterable[str]) -> None:
        """The newest decision was made by these grants and consents."""
        if (found := tuple(grants)) != self.claims.grants:
            self.claims = replace(self.claims, grants=found)

    def hold(self, ends_at: float, now: float) -> None:
        """Auth has just decided that it may go on. `ends_at`: when the first of what that rests on ends by
        itself; infinity: nothing does."""
        self.holds_until = min(self.expires_at, ends_at, now + DECISION_KEPT_S)
        """Until then nobody has to be asked, if nothing is revoked."""

    def doubt(self) -> None:
        """Ask auth before the next use, whatever was known."""
        self.holds_until = float("-inf")
        if self.refusal is not None:
            self.refusal = replace(self.refusal, until=float("-inf"))

    def finish(self, now: float) -> None:
        """Nobody uses it again, and auth is to know at once: until then it counts among those that play."""
        self.finished = True
        self.renew_at = min(self.renew_at, now)

    @property
    def is_untold(self) -> bool:
        """Auth does not know yet what was watched, or that it is finished."""
        return self.pending is not None or bool(self.measure) or self.finished != self.finished_told

    def is_due(self, now: float) -> bool:
        """Whether auth is to be told of it now."""
        return now >= self.renew_at and (self.is_untold or self.used_at > self.reported_use)
