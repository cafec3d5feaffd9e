"""Auth's tickets without a server, and who asks for them and renews them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.auth.app import MIGRATIONS
from services.auth.camera_model import CameraModel
from services.auth.decision import Action
from services.auth.model import AuditRecord, CameraFacts, Level, Line, Ownership, Principal, Region, Role
from services.auth.policy.engine import PolicyEngine
from services.auth.policy.policies import RULES, load_policies
from services.auth.repository import audit, cameras, principals, regions
from services.auth.repository.tickets import Viewing
from services.auth.rights import Rights
from services.auth.signing_keys import SigningKeys
from services.auth.tables.audit import audit_records
from services.auth.tickets.office import TicketOffice
from services.auth.tickets.renewal import Renewal, Renewals, Renewed
from services.auth.tickets.request import TicketRequest
from snowlight.access.token import AccessClaims
from snowlight.database import Database, open_database
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


@asynccontextmanager
async def open_desk(database_url: str) -> AsyncIterator[Desk]:
    """Two tickets of a session may play at once."""
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
