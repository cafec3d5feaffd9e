"""Tickets in use: decided again, and what was watched counted once."""

import pytest

from services.auth.model import Ownership
from services.auth.repository import cameras, revocations, tickets
from services.auth.repository.revocations import Kind
from snowlight.errors import UnauthenticatedError
from tests.rpc.auth.ticket_desk import Desk, facts


async def test_what_is_watched_goes_on_record_with_who_and_why(desk: Desk) -> None:
    ticket = await desk.ticket()
    assert (await desk.renew(ticket)).refusal == ""
    assert await desk.records("view") == []  # nothing was watched yet
    assert (await desk.renew(ticket, report=2, watched_ms=58_000, watched_bytes=9_000_000)).refusal == ""
    (view,) = await desk.records("view")
    assert (view.watched_s, view.watched_bytes, view.ticket_id) == (58, 9_000_000, ticket)
    assert (view.actor.principal, view.actor.tier, view.actor.scope) == (
        "principals/chen",
        3,
        "regions/421381",
    )
    assert (view.actor.acting_person, view.actor.remote_address) == ("officer Li", "192.0.2.7")
    assert (view.purpose, view.camera_uid, view.action) == ("flood watch", "gate", "live")


async def test_a_report_that_comes_twice_counts_once(desk: Desk) -> None:
    ticket = await desk.ticket()
    for report, gateway in ((1, "g1"), (1, "g1"), (2, "g1"), (1, "g2"), (2, "g1"), (1, "g1")):
        answer = await desk.renew(ticket, gateway, report=report, watched_ms=60_000, watched_bytes=1)
        assert answer.refusal == ""
    assert len(await desk.records("view")) == 3


async def test_numbers_grow_in_steps_of_any_size(desk: Desk) -> None:
    ticket = await desk.ticket()
    for report in (7, 7, 40_000, 40_000, 1 << 40):
        answer = await desk.renew(ticket, report=report, watched_ms=60_000, watched_bytes=1)
        assert answer.refusal == ""
    assert len(await desk.records("view")) == 3


async def test_a_right_that_is_gone_ends_the_ticket_for_good(desk: Desk) -> None:
    ticket = await desk.ticket()
    async with desk.database.write() as connection:
        await cameras.put(connection, facts("gate", ownership=Ownership.HOUSEHOLD), 2)
    answer = await desk.renew(ticket, watched_ms=5_000)
    assert answer.refusal == "ticket.revoked"
    assert answer.detail.startswith("A household's camera")
    assert [one.watched_s for one in await desk.records("view")] == [
        5
    ]  # what was watched is told all the same
    allowed, denied = await desk.records("decision")
    assert (allowed.allowed, denied.allowed, denied.reason) == (True, False, "auth.household_camera")
    async with desk.database.write() as connection:
        await cameras.put(connection, facts("gate"), 3)
    assert (await desk.renew(ticket, report=2)).refusal == "ticket.revoked"
    assert len(await desk.records("decision")) == 2


@pytest.mark.parametrize("kind", [Kind.TICKET, Kind.SESSION])
async def test_what_was_revoked_is_not_renewed(desk: Desk, kind: Kind) -> None:
    ticket, other = await desk.ticket(), await desk.ticket("s2")
    subject = ticket if kind is Kind.TICKET else "s1"
    async with desk.database.write() as connection:
        revocations.add(connection, kind, subject, desk.clock.now_ms())
    assert (await desk.renew(ticket)).refusal == "ticket.revoked"
    assert (await desk.renew(other)).refusal == ""
    if kind is Kind.SESSION:
        with pytest.raises(UnauthenticatedError, match=r"auth\.session_revoked"):
            await desk.ticket()


async def test_a_ticket_sleeps_after_half_an_hour_without_use_anywhere(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.clock.ahead_s = 1750
    assert (await desk.renew(ticket, "g1")).refusal == ""
    desk.clock.ahead_s = 1750 * 2
    assert (await desk.renew(ticket, "g2", report=0, use_ms=0)).refusal == ""  # only asked
    desk.clock.ahead_s = 1750 + 1801
    assert (await desk.renew(ticket, "g2", report=0, use_ms=0)).refusal == "ticket.idle"
    desk.clock.ahead_s = 12 * 3600
    assert (await desk.renew(ticket, "g2", report=0, use_ms=0)).refusal == "ticket.expired"
    assert (await desk.renew("never-made")).refusal == "ticket.revoked"
    assert len(await desk.records("decision")) == 1


async def test_a_report_that_an_outage_held_up_is_taken(desk: Desk) -> None:
    ticket = await desk.ticket()
    used_ms = desk.clock.now_ms()
    desk.clock.ahead_s = 12 * 3600 + 60
    answer = await desk.renew(ticket, watched_ms=60_000, use_ms=used_ms)
    assert answer.refusal == "ticket.expired"
    assert [one.watched_s for one in await desk.records("view")] == [60]


async def test_expired_tickets_are_forgotten_with_their_uses(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.renew(ticket)
    desk.clock.ahead_s = 12 * 3600 + 60
    await desk.office.remove_expired()
    async with desk.database.read() as connection:
        assert list(await tickets.find_all(connection, [ticket])) == [ticket]
    desk.clock.ahead_s = 13 * 3600 + 60
    await desk.office.remove_expired()
    async with desk.database.read() as connection:
        assert await tickets.find_all(connection, [ticket]) == {}
        assert await tickets.uses_of(connection, [ticket]) == []
