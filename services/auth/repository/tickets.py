"""Tickets that were given out, while they live, and who uses them where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.in_list import in_list
from services.auth.repository.revocations import Kind
from services.auth.tables.tickets import ticket_uses, tickets
from snowlight.on_conflict import conflict_insert


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A ticket as it is kept. Instants in ms since 1970 UTC."""

    ticket_id: str
    principal: str
    session_id: str
    shared: bool
    camera_uid: str
    action: str
    window: tuple[int, int] | None
    purpose: str
    acting_person: str
    acting_unit: str
    acting_reason: str
    client_id: str
    """Of a set-top box that a person let in; empty for anybody else."""
    remote_address: str
    grants: tuple[str, ...]
    obligations: tuple[str, ...]
    """How its pictures are shown."""
    max_viewers: int
    expire_ms: int
    use_ms: int
    """Made, woken, or last used as far as gateways have told."""
    play_ms: int = 0
    """When pictures were last asked for with it; 0 while it was never used."""
    revoke_ms: int | None = None
    counts_for: str = ""
    """Whose tickets that play at once it is counted among; empty for nobody's."""

    def ended_by(self, revoked: Collection[tuple[Kind, str]]) -> bool:
        """Whether it is over: itself, its session, or a grant it rests on."""
        return self.revoke_ms is not None or not self._rests_on.isdisjoint(revoked)

    @property
    def subjects(self) -> set[str]:
        """The ids whose revocation ends it."""
        return {subject for _, subject in self._rests_on}

    @property
    def _rests_on(self) -> set[tuple[Kind, str]]:
        session = {(Kind.SESSION, self.session_id)} if self.session_id else set()
        return {(Kind.TICKET, self.ticket_id), *session, *((Kind.GRANT, grant) for grant in self.grants)}


@dataclass(frozen=True, slots=True)
class Viewing:
    """Somebody who uses a ticket at a gateway."""

    viewer: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class TicketUse:
    """A ticket's use at one gateway."""

    ticket_id: str
    gateway: str
    report: int = 0
    viewers: tuple[Viewing, ...] = ()


async def add_all(connection: AsyncConnection, stored: Sequence[StoredTicket]) -> None:
    """Keep new tickets."""
    if stored:
        await connection.execute(sa.insert(tickets), [_values(ticket) for ticket in stored])


async def find_all(connection: AsyncConnection, ticket_ids: Collection[str]) -> dict[str, StoredTicket]:
    """Those of the tickets that are kept."""
    query = sa.select(tickets).where(tickets.c.ticket_id.in_(in_list(ticket_ids)))
    return {row.ticket_id: _ticket(row) for row in await connection.execute(query)}


async def uses_of(connection: AsyncConnection, ticket_ids: Collection[str]) -> list[TicketUse]:
    """Their uses at all gateways."""
    query = sa.select(ticket_uses).where(ticket_uses.c.ticket_id.in_(in_list(ticket_ids)))
    return [
        TicketUse(
            row.ticket_id,
            row.gateway,
            row.report,
            tuple(Viewing(int(viewer), first, last) for viewer, first, last in row.viewers),
        )
        for row in await connection.execute(query)
    ]


async def playing(
    connection: AsyncConnection, counted_for: Collection[str], since_ms: int
) -> dict[str, set[str]]:
    """By whom they count for, the tickets that pictures were asked for with since then."""
    found: dict[str, set[str]] = {}
    query = sa.select(tickets.c.counts_for, tickets.c.ticket_id).where(
        tickets.c.counts_for.in_(in_list(counted_for)),
        tickets.c.play_ms >= since_ms,
        tickets.c.revoke_ms.is_(None),
    )
    for row in await connection.execute(query):
        found.setdefault(row.counts_for, set()).add(row.ticket_id)
    return found


async def put_uses(connection: AsyncConnection, uses: Sequence[TicketUse]) -> None:
    """Take down who uses tickets at a gateway now."""
    if not uses:
        return
    insert = conflict_insert(connection, ticket_uses)
    names = ("report", "viewers")
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["ticket_id", "gateway"], set_={name: insert.excluded[name] for name in names}
        ),
        [
            {
                "ticket_id": use.ticket_id,
                "gateway": use.gateway,
                "report": use.report,
                # 64 bits are more than a JSON number carries everywhere (RFC 8259, section 6).
                "viewers": [[str(one.viewer), one.first_ms, one.last_ms] for one in use.viewers],
            }
            for use in uses
        ],
    )


async def used(connection: AsyncConnection, instants: dict[str, int]) -> None:
    """Note when tickets, by id, were last used; an earlier instant than the one known changes nothing."""
    if instants:
        await connection.execute(
            sa.update(tickets)
            .where(tickets.c.ticket_id == sa.bindparam("of_ticket"))
            .values(use_ms=_later(tickets.c.use_ms), play_ms=_later(tickets.c.play_ms)),
            [
                {"of_ticket": ticket_id, "at_ms": at_ms}
                for ticket_id, at_ms in sorted(instants.items())  # two writers meet in the same order
            ],
        )


async def wake(connection: AsyncConnection, ticket_id: str, now_ms: int) -> None:
    """Let the ticket be awake from now on."""
    await connection.execute(sa.update(tickets).where(tickets.c.ticket_id == ticket_id).values(use_ms=now_ms))


async def revoke(connection: AsyncConnection, ticket_ids: Collection[str], now_ms: int) -> None:
    """End tickets for good."""
    await _revoke(connection, tickets.c.ticket_id.in_(sorted(ticket_ids)), now_ms)


async def revoke_of_principal(connection: AsyncConnection, principal: str, now_ms: int) -> None:
    """End all tickets of a principal for good."""
    await _revoke(connection, tickets.c.principal == principal, now_ms)


async def revoke_of_camera(connection: AsyncConnection, camera_uid: str, now_ms: int) -> None:
    """End all tickets for a camera for good."""
    await _revoke(connection, tickets.c.camera_uid == camera_uid, now_ms)


async def remove_expired(connection: AsyncConnection, before_ms: int) -> None:
    """Forget tickets that expired before then, and their uses."""
    expired = sa.select(tickets.c.ticket_id).where(tickets.c.expire_ms < before_ms)
    await connection.execute(sa.delete(ticket_uses).where(ticket_uses.c.ticket_id.in_(expired)))
    await connection.execute(sa.delete(tickets).where(tickets.c.expire_ms < before_ms))


async def _revoke(connection: AsyncConnection, which: sa.ColumnElement[bool], now_ms: int) -> None:
    await connection.execute(
        sa.update(tickets).where(which, tickets.c.revoke_ms.is_(None)).values(revoke_ms=now_ms)
    )


def _later(column: sa.Column[int]) -> sa.ColumnElement[int]:
    at_ms = sa.bindparam("at_ms", type_=sa.BigInteger)
    return sa.case((column < at_ms, at_ms), else_=column)


def _values(ticket: StoredTicket) -> dict[str, object]:
    start_ms, end_ms = ticket.window or (None, None)
    return {
        "ticket_id": ticket.ticket_id,
        "principal": ticket.principal,
        "session_id": ticket.session_id,
        "counts_for": ticket.counts_for,
        "shared": ticket.shared,
        "camera_uid": ticket.camera_uid,
        "action": ticket.action,
        "window_start_ms": start_ms,
        "window_end_ms": end_ms,
        "purpose": ticket.purpose,
        "acting_person": ticket.acting_person,
        "acting_unit": ticket.acting_unit,
        "acting_reason": ticket.acting_reason,
        "client_id": ticket.client_id,
        "remote_address": ticket.remote_address,
        "grants": list(ticket.grants),
        "obligations": list(ticket.obligations),
        "max_viewers": ticket.max_viewers,
        "expire_ms": ticket.expire_ms,
        "use_ms": ticket.use_ms,
        "play_ms": ticket.play_ms,
        "revoke_ms": ticket.revoke_ms,
    }


def _ticket(row: sa.Row[tuple[object, ...]]) -> StoredTicket:
    values = dict(row._mapping)
    start_ms, end_ms = values.pop("window_start_ms"), values.pop("window_end_ms")
    window = None if start_ms is None else (start_ms, end_ms)
    lists = {name: tuple(values[name]) for name in ("grants", "obligations")}
    return StoredTicket(**values | {"window": window} | lists)
