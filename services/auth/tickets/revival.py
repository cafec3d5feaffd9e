"""One's own ticket: woken once it fell asleep, or ended."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.decision import Action
from services.auth.model import AuditRecord
from services.auth.repository import audit, revocations, tickets
from services.auth.repository.revocations import Kind
from services.auth.repository.tickets import StoredTicket
from services.auth.rights import Asked, Rights, actor_of, caller_in, load_caller
from snowlight.access.token import AccessClaims, TicketClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError


class OwnTickets:
    """What people may do to the tickets that were made for them. `ticket` is verified and not expired."""

    def __init__(self, database: Database, rights: Rights, clock: Clock) -> None:
        self._database = database
        self._rights = rights
        self._clock = clock

    async def revive(self, ticket: TicketClaims, caller: AccessClaims, remote_address: str) -> None:
        """Wake it by a fresh decision, which goes on record.

        Raises PermissionDeniedError for somebody else's ticket, a revoked one, and when the right is gone.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            stored = await _own(connection, ticket, caller)
            if stored.ended_by(await revocations.revoked(connection, stored.subjects)):
                raise PermissionDeniedError("ticket.revoked", "the right to this was taken away")
            facts = await self._rights.facts(connection, [stored.principal], [stored.camera_uid])
            principal = caller_in(facts, caller)
            asked = Asked(caller, stored.purpose, stored.window)
            decision = self._rights.on_camera(
                facts, principal, stored.camera_uid, Action(stored.action), asked
            )
            record = AuditRecord(
                time_ms=now_ms,
                event="decision",
                actor=actor_of(principal, caller, remote_address),
                action=stored.action,
                camera_uid=stored.camera_uid,
                window=stored.window,
                purpose=stored.purpose,
                allowed=decision.allowed,
                reason=decision.reason,
                policies=decision.policies,
                ticket_id=stored.ticket_id,
                detail="revived",
            )
            await audit.add(connection, record)
            if decision.allowed:
                await tickets.wake(connection, stored.ticket_id, now_ms)
        if not decision.allowed:
            raise PermissionDeniedError(decision.reason, decision.sentence)

    async def revoke(self, ticket: TicketClaims, caller: AccessClaims, remote_address: str) -> None:
        """End it for good, everywhere within two seconds.

        Raises PermissionDeniedError for somebody else's.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            stored = await _own(connection, ticket, caller)
            if stored.revoke_ms is not None:
                return
            principal = await load_caller(connection, caller)
            record = AuditRecord(
                time_ms=now_ms,
                event="change",
                actor=actor_of(principal, caller, remote_address),
                action="revoke",
                camera_uid=stored.camera_uid,
                window=stored.window,
                purpose=stored.purpose,
                allowed=True,
                reason="auth.own_ticket",
                ticket_id=stored.ticket_id,
                detail=f"ticket {stored.ticket_id}",
            )
            await tickets.revoke(connection, [stored.ticket_id], now_ms)
            await audit.add(connection, record)
            revocations.add(connection, Kind.TICKET, stored.ticket_id, now_ms)


async def _own(connection: AsyncConnection, ticket: TicketClaims, caller: AccessClaims) -> StoredTicket:
    stored = (await tickets.find_all(connection, [ticket.ticket_id])).get(ticket.ticket_id)
    if stored is None or stored.principal != caller.principal:
        raise PermissionDeniedError("ticket.not_yours", "this ticket was made for somebody else")
    return stored
