"""A village whose people open cameras to each other: their tokens, and what they ask for."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import audit_pb2, auth_pb2, consent_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import PermissionDeniedError, SnowlightError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

COUNTY, TOWN, VILLAGE, OTHER_VILLAGE = "371326", "371326101", "371326101201", "371326101202"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

PEOPLE: tuple[tuple[str, auth_pb2.Role.ValueType, str, auth_pb2.Line.ValueType, str], ...] = (
    ("owner", auth_pb2.VIEWER, VILLAGE, auth_pb2.RESIDENT, ""),
    ("neighbour", auth_pb2.VIEWER, VILLAGE, auth_pb2.RESIDENT, ""),
    ("cadre", auth_pb2.VIEWER, VILLAGE, auth_pb2.GOVERNMENT, "Village committee"),
    ("clerk", auth_pb2.ADMIN, VILLAGE, auth_pb2.GOVERNMENT, "Village committee"),
    ("mayor", auth_pb2.ADMIN, TOWN, auth_pb2.GOVERNMENT, "Town hall"),
    ("wang", auth_pb2.VIEWER, TOWN, auth_pb2.POLICE, "Police station"),
    ("sergeant", auth_pb2.ADMIN, TOWN, auth_pb2.POLICE, "Police station"),
    ("inspector", auth_pb2.ADMIN, COUNTY, auth_pb2.POLICE, "County police"),
    ("stranger", auth_pb2.ADMIN, OTHER_VILLAGE, auth_pb2.GOVERNMENT, "Another committee"),
    ("fitter", auth_pb2.OPERATOR, COUNTY, auth_pb2.CARRIER, "Carrier"),
    ("auditor", auth_pb2.AUDITOR, COUNTY, auth_pb2.GOVERNMENT, "Audit office"),
)
HOME, GATE = "home", "gate"


@dataclass
class Village:
    """Speaks in the name of its people."""

    auth: Auth
    names: dict[str, str] = field(default_factory=dict)
    """Principals by user name."""

    async def token(self, username: str) -> str:
        """An access token that has not expired."""
        return (await self.auth.sign_in(username)).access_token

    def ahead(self, ms: int) -> Timestamp:
        """That long from now."""
        stamp = Timestamp()
        stamp.FromMilliseconds(self.auth.clock.now_ms() + ms)
        return stamp

    async def consent(self, by: str, **fields: Any) -> consent_pb2.Consent:
        """Open the home to the cadre, live, for a month, unless `fields` say otherwise."""
        ordinary: dict[str, Any] = {
            "camera_uid": HOME,
            "audience": consent_pb2.Audience(principal=self.names["cadre"]),
            "actions": ["live"],
            "end_time": self.ahead(30 * DAY_MS),
        }
        with remote_errors("services/auth"):
            return await self.auth.consents.CreateConsent(
                consent_pb2.CreateConsentRequest(
                    access_token=await self.token(by),
                    remote_address="192.0.2.9",
                    consent=consent_pb2.Consent(**{**ordinary, **fields}),
                )
            )

    async def withdraw(self, by: str, name: str, **fields: Any) -> consent_pb2.Consent:
        request = consent_pb2.WithdrawConsentRequest(access_token=await self.token(by), name=name, **fields)
        with remote_errors("services/auth"):
            return await self.auth.consents.WithdrawConsent(request)

    async def renew(self, by: str, name: str, ms: int) -> consent_pb2.Consent:
        """Have a consent end that long from now."""
        request = consent_pb2.RenewConsentRequest(
            access_token=await self.token(by), name=name, end_time=self.ahead(ms)
        )
        with remote_errors("services/auth"):
            return await self.auth.consents.RenewConsent(request)

    async def consents(self, by: str) -> list[consent_pb2.Consent]:
        """The consents that they are shown, newest first."""
        request = consent_pb2.ListConsentsRequest(access_token=await self.token(by))
        return list((await self.auth.consents.ListConsents(request)).consents)

    async def ask(self, by: str, kind: str = "case", **fields: Any) -> consent_pb2.Grant:
        """Ask for a grant on the home: live, for 24 hours, for oneself, unless `fields` say otherwise."""
        ordinary: dict[str, Any] = {
            "camera_uids": [HOME],
            "reason": "theft of a tractor",
            "actions": ["live"],
        }
        if kind == "case":
            ordinary |= {"case_number": "A2026-0117", "duration_s": 24 * 3600}
        if kind == "repair":
            ordinary |= {"camera_uids": [GATE], "beneficiary": self.names["fitter"], "duration_s": 3600}
        grant = consent_pb2.Grant(**{"kind": kind, **ordinary, **fields})
        request = consent_pb2.CreateGrantRequest(
            access_token=await self.token(by), remote_address="192.0.2.9", grant=grant
        )
        with remote_errors("services/auth"):
            return await self.auth.consents.CreateGrant(request)

    async def approve(self, by: str, name: str, **fields: Any) -> consent_pb2.Grant:
        request = consent_pb2.ApproveGrantRequest(access_token=await self.token(by), name=name, **fields)
        with remote_errors("services/auth"):
            return await self.auth.consents.ApproveGrant(request)

    async def decide(self, verb: str, by: str, name: str, **fields: Any) -> consent_pb2.Grant:
        """Deny, withdraw or revoke."""
        request = consent_pb2.DecideGrantRequest(
            **{"access_token": await self.token(by), "name": name, "reason": "not needed", **fields}
        )
        with remote_errors("services/auth"):
            stub = self.auth.consents
            calls = {"deny": stub.DenyGrant, "withdraw": stub.WithdrawGrant, "revoke": stub.RevokeGrant}
            return await calls[verb](request)

    async def grant(self, by: str, name: str) -> consent_pb2.Grant:
        request = consent_pb2.GetRequest(access_token=await self.token(by), name=name)
        with remote_errors("services/auth"):
            return await self.auth.consents.GetGrant(request)

    async def grants(self, by: str, **fields: Any) -> list[consent_pb2.Grant]:
        """The grants that they are shown, newest first."""
        request = consent_pb2.ListGrantsRequest(access_token=await self.token(by), **fields)
        with remote_errors("services/auth"):
            return list((await self.auth.consents.ListGrants(request)).grants)

    async def alerts(self, by: str, *, closed: bool = False) -> list[consent_pb2.Alert]:
        """The alerts that they are shown: open ones, or all."""
        request = consent_pb2.ListAlertsRequest(access_token=await self.token(by), all=closed)
        return list((await self.auth.consents.ListAlerts(request)).alerts)

    async def acknowledge(self, by: str, name: str) -> consent_pb2.Alert:
        request = consent_pb2.AcknowledgeAlertRequest(access_token=await self.token(by), name=name)
        with remote_errors("services/auth"):
            return await self.auth.consents.AcknowledgeAlert(request)

    async def look(
        self, by: str, action: str = "live", uid: str = HOME, window: tuple[int, int] | None = None
    ) -> auth_pb2.Ticket:
        """Get a ticket. Raises PermissionDeniedError."""
        request = auth_pb2.CreateTicketRequest(
            access_token=await self.token(by), camera_uid=uid, action=action, purpose="to look"
        )
        if window:
            request.start.FromMilliseconds(window[0])
            request.end.FromMilliseconds(window[1])
        with remote_errors("services/auth"):
            return await self.auth.access.CreateTicket(request)

    async def sees(
        self, by: str, action: str = "live", uid: str = HOME, window: tuple[int, int] | None = None
    ) -> bool:
        """Whether they get a ticket."""
        try:
            await self.look(by, action, uid, window)
        except PermissionDeniedError:
            return False
        return True

    async def changes(self) -> Sequence[str]:
        """What the audit tells of changes, oldest first."""
        return [record.detail for record in await self.change_records()]

    async def change_records(self) -> Sequence[audit_pb2.AuditRecord]:
        """The audit's records of changes to consents, grants and the like, oldest first."""
        found = await self.auth.audit("change")
        return [record for record in reversed(found) if record.action != "principal.manage"]


async def settle(auth: Auth) -> Village:
    """Build the village; a household's camera "home", and a public one "gate" in it."""
    await auth.add_region(COUNTY, auth_pb2.COUNTY)
    await auth.add_region(TOWN, auth_pb2.TOWN)
    await auth.add_region(VILLAGE, auth_pb2.VILLAGE)
    await auth.add_region(OTHER_VILLAGE, auth_pb2.VILLAGE)
    village = Village(auth)
    for username, role, scope, line, organisation in PEOPLE:
        person = await auth.add_person(username, role, scope=scope, line=line, organisation=organisation)
        village.names[username] = person.name
    await auth.registry.put(
        HOME, VILLAGE, ownership=camera_pb2.HOUSEHOLD, owner=village.names["owner"], operator="Carrier"
    )
    await auth.registry.put(GATE, VILLAGE, operator="Carrier")
    return village


async def revoked(database_url: str) -> list[tuple[str, str]]:
    """What was taken away, in order."""
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(
                sa.text("SELECT kind, subject FROM revocations ORDER BY sequence")
            )
            return [(row[0], row[1]) for row in rows]
    finally:
        await engine.dispose()


async def refused_code(call: Awaitable[object]) -> str:
    """The code of the error that `call` must raise."""
    with pytest.raises(SnowlightError) as refused:
        await call
    return refused.value.code
