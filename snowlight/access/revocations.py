"""What was taken away lately, as far as this process has been told."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.clock import Clock

if TYPE_CHECKING:
    from snowlight.access.token import AccessClaims, TicketClaims

KEPT_MS = 13 * 3_600_000
"""Longer than a ticket or an access token lives."""
UNHEARD_NEW_S = 30.0
"""Without the feed for so long, nobody new is let in."""
UNHEARD_RUNNING_S = 600.0
"""Without the feed for so long, nobody is."""

Kind: TypeAlias = "revocation_pb2.RevocationKind.ValueType"

Position = tuple[int, int]
"""A place in the feed: which feed, counted from 1, and a sequence of it."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Something that was taken away."""

    sequence: int
    kind: Kind
    subject: str
    create_ms: int


class Revocations:
    """Answers from memory. Only the feed writes it (`snowlight.access.revocation_feed`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._revoked: OrderedDict[tuple[Kind, str], tuple[Position, int]] = OrderedDict()
        """The newest of each: where in the feed, and when, ms."""
        self._grant_ended: Position = (0, 0)
        self._feed = 1
        self._changed = asyncio.Event()
        self.sequence = 0
        """Up to which all is known."""
        self.epoch = 0
        """Changes with everything that is revoked: while it stays, an answer stays."""
        self.synced = False
        """All has been known once."""
        self.stale_at = float("-inf")
        """From then on nobody new may be let in, on the monotonic clock."""
        self.lost_at = float("-inf")
        """From then on nobody may be."""

    def add(self, revocation: Revocation) -> None:
        """Something was taken away."""
        key = (revocation.kind, revocation.subject)
        self._revoked[key] = ((self._feed, revocation.sequence), revocation.create_ms)
        self._revoked.move_to_end(key)
        if revocation.kind == revocation_pb2.GRANT:
            self._grant_ended = self._feed, revocation.sequence
        self.sequence = max(self.sequence, revocation.sequence)
        self.epoch += 1
        oldest_ms = self._clock.now_ms() - KEPT_MS
        while self._revoked and next(iter(self._revoked.values()))[1] < oldest_ms:
            self._revoked.popitem(last=False)
        self._tell()

    def heard(self, sequence: int) -> None:
        """All up to `sequence` is known, as of now."""
        self.sequence = max(self.sequence, sequence)
        now = self._clock.monotonic()
        self.stale_at, self.lost_at = now + UNHEARD_NEW_S, now + UNHEARD_RUNNING_S
        if not self.synced:
            self.synced = True
            self._tell()

    def start_over(self) -> None:
        """The feed is another one, with sequences of its own. What was revoked stays so."""
        self.sequence = 0
        self._feed += 1

    @property
    def position(self) -> Position:
        """How far the feed is known."""
        return self._feed, self.sequence

    def ends(self, ticket: TicketClaims) -> bool:
        """Whether the ticket is over: itself, its session, or a grant it rests on."""
        revoked = self._revoked
        return (
            (revocation_pb2.TICKET, ticket.ticket_id) in revoked
            or (revocation_pb2.SESSION, ticket.session_id) in revoked
            or any((revocation_pb2.GRANT, grant) in revoked for grant in ticket.grants)
            # A share link does not hang on a sign-in.
            or (not ticket.sponsor and ticket.issue_ms <= self._sign_ins_ended_ms(ticket.principal))
        )

    def unsettles(self, ticket: TicketClaims, decided: Position | None) -> bool:
        """Whether a decision must be made anew, as the ticket's principal or camera has changed since.

        `decided`: how far the feed was known before it was asked for; None for the one at the ticket's issue,
        of which only the instant is known.
        """
        for key in (
            (revocation_pb2.PRINCIPAL, ticket.principal),
            (revocation_pb2.CAMERA, ticket.camera_uid),
        ):
            found = self._revoked.get(key)
            if found is None:
                continue
            position, create_ms = found
            if (create_ms >= ticket.issue_ms) if decided is None else (position > decided):
                return True
        return False

    def refuses(self, token: AccessClaims) -> bool:
        """Whether the access token is over: its session is, or all sign-ins of its time are."""
        if (revocation_pb2.SESSION, token.session_id) in self._revoked:
            return True
        return token.issue_ms <= self._sign_ins_ended_ms(token.principal)

    def is_revoked(self, kind: Kind, subject: str) -> bool:
        """Whether it was told of."""
        return (kind, subject) in self._revoked

    def told_after(self, after: Position, wanted: Kind) -> dict[str, int]:
        """Subjects of a kind that were told of after a place in the feed, and the sequence of each."""
        found: dict[str, int] = {}
        for (kind, subject), (position, _) in reversed(self._revoked.items()):
            if position <= after:
                break
            if kind == wanted:
                found[subject] = position[1]
        return found

    def camera_change(self, uid: str) -> int:
        """The sequence of the newest that was told of a camera; 0 when nothing was in this feed."""
        position, _ = self._revoked.get((revocation_pb2.CAMERA, uid), ((0, 0), 0))
        return position[1] if position[0] == self._feed else 0

    def principal_change(self, principal: str) -> Position:
        """Where in the feed a change of what they may do was last told; (0, 0) when none was. The end of a
        grant or a consent is everybody's: whom it let in is not told."""
        position, _ = self._revoked.get((revocation_pb2.PRINCIPAL, principal), ((0, 0), 0))
        return max(position, self._grant_ended)

    def _sign_ins_ended_ms(self, principal: str) -> int:
        _, create_ms = self._revoked.get((revocation_pb2.SIGN_INS, principal), ((0, 0), -1))
        return create_ms

    async def known(self, *, timeout_s: float) -> bool:
        """Whether all has been known once; waits for it a bounded time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.synced:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def news(self) -> None:
        """Wait for the next revocation."""
        await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
