"""Tickets in use: decided again, counted once, and not too many of them."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from services.auth.app import MIGRATIONS
from services.auth.camera_model import CameraModel
from services.auth.decision import Action
from services.auth.model import AuditRecord, CameraFacts, Level, Line, Ownership, Principal, Region, Role
from services.auth.policy.engine import PolicyEngine
from services.auth.policy.policies import RULES, load_policies
from services.auth.repository import audit, cameras, principals, regions, revocations, tickets
from services.auth.repository.revocations import Kind
from services.auth.repository.tickets import Viewing
from services.auth.rights import Rights
from services.auth.signing_keys import SigningKeys
from services.auth.tables.audit import audit_records
from services.auth.tickets.office import TicketOffice
from services.auth.tickets.renewal import Renewal, Renewals, Renewed
from services.auth.tickets.request import TicketRequest
from snowlight.access.token import AccessClaims
from snowlight.database import Database, open_database
from snowlight.errors import UnauthenticatedError
from tests.parts.clock import MovableClock


@dataclass
class Desk:
    """Auth's tickets without a server, and a person of a village with two cameras."""

    database: Database
    clock: MovableClock
    office: TicketOffice
    renewals: Renewals

    async def ticket(
        self,
        session: str = "s1",
        camera: str = "gate",
        continues: str = "",
        *,
        client: str = "",
        incident: str = "",
    ) -> str:
        """The id of a new ticket. `client`: a system's, in an officer's name."""
        caller = AccessClaims(
            principal="principals/chen",
            session_id=session,
            acting_person="officer Li",
            acting_unit="station 3" if client else "",
            acting_reason=incident,
            client_id=client,
        )
        request = TicketRequest(
            caller, camera, Action.LIVE, None, "flood watch", "192.0.2.7", continues=continues
        )
        (issued,) = await self.office.create_all([request])
        if isinstance(issued, Exception):
            raise issued
        return issued.ticket_id

    async def renew(self, ticket_id: str, gateway: str = "g1", **fields: Any) -> Renewed:
        """Renew as a gateway does."""
        (answer,) = await self.renewals.renew_all(gateway, [self.renewal(ticket_id, **fields)])
        return answer

    def renewal(self, ticket_id: str, **fields: Any) -> Renewal:
        """What a gateway tells of a ticket."""
        told: dict[str, Any] = {
            "report": 1,
            "watched_ms": 0,
            "watched_bytes": 0,
            "use_ms": self.clock.now_ms(),
        }
        told |= {"viewers": (), "refused_addresses": ()} | fields
        return Renewal(ticket_id, **told)

    async def records(self, event: str) -> list[AuditRecord]:
        """The audit's records of one kind, oldest first."""
        async with self.database.read() as connection:
            query = sa.select(audit_records).order_by(audit_records.c.record_id)
            rows = (await connection.execute(query.where(audit_records.c.event == event))).mappings()
            return [audit.record_of(row) for row in rows]

    def viewer(self, viewer: int, first_s: float = 0, last_s: float = 0) -> Viewing:
        """Somebody who came and was last seen so many seconds ago."""
        now_ms = self.clock.now_ms()
        return Viewing(viewer, now_ms - round(first_s * 1000), now_ms - round(last_s * 1000))


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    clock = MovableClock()
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as database:
        async with database.write() as connection:
            await regions.add(connection, Region("421381", "", Level.COUNTY, "Guangshui", 0, None, 0, 0))
            village = Region("421381101203", "421381", Level.VILLAGE, "village", 0, None, 0, 0)
            await regions.add(connection, village)
            for uid in ("gate", "bridge"):
                await cameras.put(connection, facts(uid), 1)
            chen = Principal(
                "chen",
                "chen",
                "Chen",
                "county",
                Line.GOVERNMENT,
                frozenset({Role.VIEWER}),
                "421381",
                False,
                0,
            )
            await principals.add(connection, chen, "")
        keys = SigningKeys(database, bytes(32), clock, publish_s=90)
        await keys.load()
        rights = Rights(PolicyEngine(load_policies(RULES)), clock, re.compile("[0-9]{4,}"))
        office = TicketOffice(database, CameraModel(database, clock), rights, keys, clock, max_viewers=3)
        yield Desk(database, clock, office, Renewals(database, rights, clock, session_tickets=2))


def facts(uid: str, **changes: Any) -> CameraFacts:
    fields: dict[str, Any] = {
        "region": "421381101203",
        "ownership": Ownership.PUBLIC,
        "owner": "",
        "listed_for_residents": False,
    }
    return CameraFacts(uid, **fields | changes)


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
