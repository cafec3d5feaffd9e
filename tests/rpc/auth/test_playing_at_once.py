"""Not too many watch with one ticket, and not too many tickets play at once, wherever that is."""

import pytest

from services.auth.tickets.renewal import Renewal
from tests.rpc.auth.ticket_desk import Desk


async def test_one_session_plays_so_many_tickets_at_once(desk: Desk) -> None:
    playing = [await desk.ticket(), await desk.ticket(camera="bridge")]
    newcomer, other_session = await desk.ticket(), await desk.ticket("s2")
    for ticket in playing:
        assert (await desk.renew(ticket)).refusal == ""
    assert (await desk.renew(newcomer, "g2")).refusal == "ticket.too_many_viewers"
    assert (await desk.renew(newcomer, "g2", report=0, use_ms=0)).refusal == "ticket.too_many_viewers"
    assert (await desk.renew(other_session)).refusal == ""
    for ticket in playing:
        assert (await desk.renew(ticket, report=2)).refusal == ""
    (refused,) = [one for one in await desk.records("decision") if not one.allowed]
    assert (refused.ticket_id, refused.reason) == (newcomer, "ticket.too_many_viewers")
    desk.clock.ahead_s = 60
    assert (await desk.renew(playing[0], report=3)).refusal == ""
    desk.clock.ahead_s = 80  # the other has stopped
    assert (await desk.renew(newcomer, "g2", report=2)).refusal == ""


async def test_who_is_one_too_many_is_on_record_once_whatever_a_gateway_counts_from(desk: Desk) -> None:
    for camera in ("gate", "bridge"):
        assert (await desk.renew(await desk.ticket(camera=camera))).refusal == ""
    newcomer = await desk.ticket()
    for report in (0, 41, 41, 42):
        use_ms = desk.clock.now_ms() if report else 0
        answer = await desk.renew(newcomer, report=report, use_ms=use_ms)
        assert answer.refusal == "ticket.too_many_viewers"
    assert len([one for one in await desk.records("decision") if not one.allowed]) == 1


async def test_a_ticket_that_is_finished_makes_room_and_what_was_watched_is_told(desk: Desk) -> None:
    playing = [await desk.ticket(), await desk.ticket(camera="bridge")]
    for ticket in playing:
        assert (await desk.renew(ticket)).refusal == ""
    for _ in range(2):  # its answer was lost
        assert (await desk.renew(playing[0], report=2, watched_ms=7_000, finished=True)).refusal == ""
    assert [one.watched_s for one in await desk.records("view")] == [7]
    assert (await desk.renew(await desk.ticket(), "g2")).refusal == ""
    assert (await desk.renew(playing[0], report=3)).refusal == "ticket.revoked"


async def test_a_ticket_that_is_finished_makes_room_for_one_that_is_told_of_with_it(desk: Desk) -> None:
    ended, other, newcomer = [await desk.ticket(camera=camera) for camera in ("gate", "bridge", "gate")]
    for ticket in (ended, other):
        assert (await desk.renew(ticket)).refusal == ""
    together = [desk.renewal(newcomer), desk.renewal(ended, report=2, finished=True)]
    assert [one.refusal for one in await desk.renewals.renew_all("g1", together)] == ["", ""]


async def test_of_a_system_an_officer_counts_by_incident_however_often_it_signs_in(desk: Desk) -> None:
    for session in ("s1", "s2"):
        ticket = await desk.ticket(session, client="bureau", incident="case 1")
        assert (await desk.renew(ticket, session)).refusal == ""
    one_too_many = await desk.ticket("s3", client="bureau", incident="case 1")
    assert (await desk.renew(one_too_many)).refusal == "ticket.too_many_viewers"
    for client, incident in (("bureau", "case 2"), ("station", "case 1")):
        assert (await desk.renew(await desk.ticket("s3", client=client, incident=incident))).refusal == ""


async def test_what_broke_off_goes_on_in_another_session_of_the_officers(desk: Desk) -> None:
    named = {"client": "bureau", "incident": "case 1"}
    broken, other = await desk.ticket(**named), await desk.ticket(camera="bridge", **named)
    for ticket in (broken, other):
        assert (await desk.renew(ticket, "dead")).refusal == ""
    again = await desk.ticket("s2", continues=broken, **named)
    assert (await desk.renew(again, "g2")).refusal == ""
    assert (await desk.renew(broken, "dead", report=2)).refusal == "ticket.revoked"


async def test_what_goes_on_after_it_broke_off_counts_once(desk: Desk) -> None:
    broken, other = await desk.ticket(), await desk.ticket(camera="bridge")
    for ticket in (broken, other):
        assert (await desk.renew(ticket, "dead")).refusal == ""
    again = await desk.ticket(continues=broken)
    assert (await desk.renew(again, "g2")).refusal == ""
    assert (await desk.renew(broken, "dead", report=2)).refusal == "ticket.revoked"
    assert (await desk.renew(other, "dead", report=2)).refusal == ""


@pytest.mark.parametrize("differs", [{"session": "s2"}, {"camera": "bridge"}])
async def test_nobody_ends_anything_by_going_on_from_what_is_not_theirs(
    desk: Desk, differs: dict[str, str]
) -> None:
    ticket = await desk.ticket()
    await desk.ticket(**differs, continues=ticket)
    await desk.ticket(continues="never-made")
    assert (await desk.renew(ticket)).refusal == ""


async def test_many_at_once_of_one_session_are_counted_in_one_transaction(desk: Desk) -> None:
    wall = [await desk.ticket() for _ in range(4)]
    now_ms = desk.clock.now_ms()
    answers = await desk.renewals.renew_all("g1", [Renewal(one, 1, 0, 0, now_ms, (), ()) for one in wall])
    assert [answer.refusal for answer in answers] == ["", "", *["ticket.too_many_viewers"] * 2]


async def test_who_came_last_is_one_too_many_wherever_they_watch(desk: Desk) -> None:
    ticket = await desk.ticket()
    here = (desk.viewer(1, first_s=40), desk.viewer(2, first_s=20))
    assert (await desk.renew(ticket, "g1", viewers=here)).refused_viewers == ()
    there = (desk.viewer(2, first_s=5), desk.viewer(3, first_s=10), desk.viewer(4, first_s=3))
    assert (await desk.renew(ticket, "g2", viewers=there)).refused_viewers == (4,)
    assert (await desk.renew(ticket, "g1", report=2, viewers=here)).refused_viewers == ()
    desk.clock.ahead_s = 80  # those of the first gateway have left without a word
    late = (desk.viewer(4),)
    assert (await desk.renew(ticket, "g2", report=2, viewers=late)).refused_viewers == ()


async def test_those_turned_away_are_on_record_by_their_address(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.renew(ticket, refused_addresses=("198.51.100.9", "198.51.100.10"))
    refused = [one for one in await desk.records("decision") if not one.allowed]
    assert [one.actor.remote_address for one in refused] == ["198.51.100.9", "198.51.100.10"]
    assert {one.reason for one in refused} == {"ticket.too_many_viewers"}
