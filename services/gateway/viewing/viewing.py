"""All that this gateway knows of tickets in use, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from services.gateway.peers import Peers
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.renewal import Renewals
from services.gateway.viewing.room import Room
from services.gateway.viewing.sending import Sending
from snowlight.access.keys import PublicKeys
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocations
from snowlight.access.token import TokenVerifier
from snowlight.clock import Clock


@dataclass(frozen=True)
class Viewing:
    """The parts."""

    verifier: TokenVerifier
    revocations: Revocations
    renewals: Renewals
    desk: TicketDesk
    sending: Sending

    def work(self, peers: Peers) -> tuple[Coroutine[Any, Any, None], ...]:
        """What must run while people watch."""
        return (
            follow_revocations(peers.revocations, self.revocations),
            self.renewals.run(self.desk.uses),
            self.desk.run(),
            self.sending.run(),
        )

    async def finish(self) -> None:
        """Tell auth what was watched, once nothing is any more."""
        await self.renewals.finish(list(self.desk.uses()))


def open_viewing(peers: Peers, clock: Clock, *, known_tickets: int, sending_bytes: int) -> Viewing:
    """The parts for one gateway, which knows so many tickets at once, and holds so many bytes of footage for
    those it is sent to."""
    revocations = Revocations(clock)
    verifier = TokenVerifier(PublicKeys(peers.jwks, clock), clock, revocations)
    renewals = Renewals(peers, revocations, clock)
    desk = TicketDesk(verifier, revocations, renewals, clock, capacity=known_tickets)
    return Viewing(verifier, revocations, renewals, desk, Sending(desk, Room(sending_bytes), clock))
