"""Alerts of emergencies, for the admins of the region."""

from dataclasses import replace

from services.auth.consent.checks import changed_meanwhile, id_of, not_found
from services.auth.consent.model import Alert
from services.auth.consent.repository import alerts
from services.auth.consent.standing import administered, caller_of, note_grant, overseen
from services.auth.model import Role
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, PermissionDeniedError


class AlertDesk:
    """Lists alerts, and takes note of who has seen to them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, claims: AccessClaims, address: str, *, closed: bool, before: str, limit: int
    ) -> list[Alert]:
        """Newest first. `closed`: acknowledged ones too."""
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            theirs = await overseen(connection, caller.principal, self._clock.now_ms(), Role.ADMIN)
            return await alerts.page(connection, theirs, closed=closed, before=before, limit=limit)

    async def acknowledge(self, claims: AccessClaims, address: str, name: str) -> Alert:
        """By an admin of one of its regions who did not begin the emergency. Raises AbortedError when another
        was first.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            alert = await alerts.find(connection, id_of(name, "alerts"))
            if alert is None or not await administered(
                connection, caller.principal, alert.grant.cameras, now_ms
            ):
                raise not_found("alert")
            if caller.name == alert.grant.requester:
                raise PermissionDeniedError("grant.own_request", "somebody else acknowledges this alert")
            if alert.acknowledge_ms is not None:
                raise AbortedError("alert.acknowledged", "somebody has acknowledged it", field="name")
            if not await alerts.acknowledge(connection, alert.alert_id, caller.name, now_ms):
                raise changed_meanwhile("alert")
            await note_grant(
                connection,
                caller.actor,
                now_ms,
                "alert.acknowledge",
                alert.grant,
                f"alert {alert.name} acknowledged",
            )
        return replace(alert, acknowledged_by=caller.name, acknowledge_ms=now_ms)
