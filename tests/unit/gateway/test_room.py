"""Footage on its way has a bound, for each ticket and for all."""

import pytest

from services.gateway.viewing.room import MOST_OF_VIEWER, Room
from services.gateway.viewing.use import TicketUse
from snowlight.access.token import TicketClaims
from snowlight.errors import UnavailableError


def ticket(viewers: int = 1) -> TicketUse:
    claims = TicketClaims("t", "principals/chen", "gate", "live", 0, 0, 0, max_viewers=viewers)
    return TicketUse(claims, issued_at=0, expires_at=1, ends_at=1, now=0)


def refusal(room: Room, use: TicketUse, data: bytes) -> str:
    error = room.refusal(use, data)
    assert error is None or error.retry_after_s
    return error.code if error is not None else ""


def test_each_viewer_of_a_ticket_has_some_answers_under_way() -> None:
    room, use, other = Room(1 << 30), ticket(viewers=3), ticket()
    sent = [bytes([number]) * 100 for number in range(3 * MOST_OF_VIEWER)]
    for data in sent:
        assert refusal(room, use, data) == ""
        room.take(use, data)
    assert refusal(room, use, b"next") == "ticket.too_many_answers"
    assert refusal(room, other, b"next") == ""
    room.give_back(use, sent[0])
    assert refusal(room, use, b"next") == ""


def test_all_answers_together_hold_no_more_than_there_is_room_for() -> None:
    room, first, second = Room(1000), bytes(600), bytes(500)
    one, other = ticket(), ticket()
    room.take(one, first)
    assert refusal(room, other, second) == "gateway.sending_full"
    room.give_back(one, first)
    assert refusal(room, other, second) == ""


def test_what_many_are_sent_is_held_once() -> None:
    room, segment = Room(1000), bytes(600)
    uses = [ticket() for _ in range(100)]
    for use in uses:
        assert refusal(room, use, segment) == ""
        room.take(use, segment)
    assert room.held_bytes == 600
    for use in uses:
        room.give_back(use, segment)
    assert room.held_bytes == 0


def test_what_is_being_read_has_its_room_already() -> None:
    room = Room(1000)
    with room.reading(600):
        with pytest.raises(UnavailableError), room.reading(500):
            pass
        assert refusal(room, ticket(), bytes(500)) == "gateway.sending_full"
        with room.reading(400):
            assert room.held_bytes == 1000
    assert room.held_bytes == 0
