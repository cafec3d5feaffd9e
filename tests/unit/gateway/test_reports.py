"""Whatever is watched is told to auth, and counted once."""

from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest

from services.gateway.peers import Peers
from services.gateway.viewing.renewal import Renewals
from services.gateway.viewing.use import TicketUse
from snowlight.access.revocations import Revocations
from snowlight.access.token import TicketClaims
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import UnavailableError
from tests.parts.clock import MovableClock


class Auth:
    """Counts what is reported by the numbers of the reports, as auth.proto has it."""

    def __init__(self) -> None:
        self.watched_ms: Counter[str] = Counter()
        self.answers = True
        self._last: dict[str, int] = {}

    async def BatchRenewTickets(  # noqa: N802 - as the stub has it
        self,
        batch: auth_pb2.BatchRenewTicketsRequest,
        timeout: float,  # noqa: ASYNC109
    ) -> auth_pb2.BatchRenewTicketsResponse:
        for told in batch.requests:
            if told.report > self._last.get(told.ticket_id, 0):
                self._last[told.ticket_id] = told.report
                self.watched_ms[told.ticket_id] += told.watched_ms
        if not self.answers:
            raise UnavailableError("auth.away", "the answer is lost")
        return auth_pb2.BatchRenewTicketsResponse(
            responses=[auth_pb2.RenewTicketResponse() for _ in batch.requests]
        )


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def renewals(auth: Auth) -> Renewals:
    clock = MovableClock()
    return Renewals(cast("Peers", SimpleNamespace(access=auth)), Revocations(clock), clock)


def ticket(ticket_id: str) -> TicketUse:
    """As the desk knows it when it is shown for the first time, or again after it was forgotten."""
    claims = TicketClaims(ticket_id, "principals/chen", "gate", "live", 0, 0, 0)
    now = MovableClock().monotonic()
    return TicketUse(claims, issued_at=now, expires_at=now + 3600, ends_at=now + 3600, now=now)


async def test_what_is_watched_after_a_gateway_forgot_the_ticket_counts(
    auth: Auth, renewals: Renewals
) -> None:
    for minute in range(5):
        if minute in (0, 3):  # woken, or shown again after others needed the room
            gate = ticket("gate")
        gate.measure.watched(minute, 60_000)
        await renewals.finish([gate])
    assert auth.watched_ms["gate"] == 5 * 60_000


async def test_a_report_whose_answer_was_lost_counts_once_whatever_else_is_told(
    auth: Auth, renewals: Renewals
) -> None:
    gate, bridge = ticket("gate"), ticket("bridge")
    gate.measure.watched(1, 60_000)
    auth.answers = False
    await renewals.finish([gate])
    auth.answers = True
    bridge.measure.watched(1, 60_000)
    await renewals.finish([bridge])
    gate.measure.watched(2, 60_000)
    await renewals.finish([gate])
    assert auth.watched_ms == {"gate": 120_000, "bridge": 60_000}
