"""Tickets in use: decided again each minute, and what was watched goes on record."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.decision import Action
from services.auth.facts import Facts
from services.auth.model import Actor, AuditRecord, Principal
from services.auth.repository import audit, revocations, tickets
from services.auth.repository.revocations import Kind
from services.auth.repository.tickets import StoredTicket, TicketUse, Viewing
from services.auth.rights import Asked, Rights, actor_of
from services.auth.tickets.viewers import RENEWED_WITHIN_MS, may_play, too_many
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database

IDLE_MS = 30 * 60_000


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a gateway tells of a ticket. Instants in ms since 1970 UTC."""

    ticket_id: str
    report: int
    """Greater than in any report of the gateway's before; 0 when nothing is reported."""
    watched_ms: int
    watched_bytes: int
    use_ms: int
    """When it was last used there; 0 when it is only asked about."""
    viewers: tuple[Viewing, ...]
    refused_addresses: tuple[str, ...]
    finished: bool = False
    """Nobody uses it again."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """Whether the ticket may go on: `refusal` is empty, or a code."""

    refusal: str = ""
    detail: str = ""
    refused_viewers: tuple[int, ...] = ()
    grants: tuple[str, ...] = ()
    """What it rests on now."""
    until_ms: int | None = None
    """When the first of that ends by itself."""


@dataclass(slots=True)
class _Writing:
    """What the transaction has to write."""

    records: list[AuditRecord] = field(default_factory=list)
    uses: list[TicketUse] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the tickets asked about."""

    tickets: dict[str, StoredTicket]
    uses: dict[str, list[TicketUse]]
    facts: Facts
    revoked: set[tuple[Kind, str]]
    playing: dict[str, set[str]]

    def use_at(self, gateway: str, ticket_id: str) -> TicketUse | None:
        """What that gateway has told of the ticket; None: nothing yet."""
        return next((use for use in self.uses.get(ticket_id, ()) if use.gateway == gateway), None)

    def make_room(self, finished: Iterable[str]) -> None:
        """For those that are asked about with them, whichever comes first."""
        for ticket_id in finished:
            if ticket := self.tickets.get(ticket_id):
                self.playing.get(ticket.counts_for, set()).discard(ticket_id)


class Renewals:
    """Answers gateways about tickets in use."""

    def __init__(self, database: Database, rights: Rights, clock: Clock, *, session_tickets: int) -> None:
        self._database = database
        self._rights = rights
        self._clock = clock
        self._session_tickets = session_tickets

    async def renew_all(self, gateway: str, renewals: Sequence[Renewal]) -> list[Renewed]:
        """An answer for each, in order; no ticket may be there twice. One transaction."""
        now_ms = self._clock.now_ms()
        writing = _Writing()
        async with self._database.write() as connection:
            known = await _read(connection, self._rights, [renewal.ticket_id for renewal in renewals], now_ms)
            known.make_room(renewal.ticket_id for renewal in renewals if renewal.finished)
            answers = [self._renew(known, gateway, renewal, now_ms, writing) for renewal in renewals]
            # In one order always, so that two transactions never wait for each other.
            await tickets.revoke(connection, writing.ended, now_ms)
            await tickets.used(connection, writing.used)
            await tickets.put_uses(connection, sorted(writing.uses, key=lambda use: use.ticket_id))
            await audit.add_all(connection, writing.records)
        return answers

    def _renew(
        self, known: _Known, gateway: str, renewal: Renewal, now_ms: int, writing: _Writing
    ) -> Renewed:
        ticket = known.tickets.get(renewal.ticket_id)
        if ticket is None:
            return Renewed("ticket.revoked", "this ticket is not known")
        principal = known.facts.principals.get(ticket.principal)
        own = known.use_at(gateway, ticket.ticket_id)
        reported = own.report if own else 0
        actor = _actor(ticket, principal)
        if renewal.report > reported:
            writing.records += _records(ticket, actor, renewal, now_ms)
        use_ms = min(renewal.use_ms, now_ms)
        use = TicketUse(ticket.ticket_id, gateway, max(renewal.report, reported), renewal.viewers)
        if renewal.use_ms or renewal.report > reported:
            writing.uses.append(use)
        if renewal.finished:
            writing.ended.append(ticket.ticket_id)
            return Renewed()
        is_first = own is None and renewal.report > 0
        answer = self._decide(known, ticket, principal, actor, renewal, now_ms, writing, is_first=is_first)
        if answer.refusal == "ticket.revoked" and ticket.revoke_ms is None:
            writing.ended.append(ticket.ticket_id)
        if not answer.refusal and use_ms:
            writing.used[ticket.ticket_id] = use_ms
            others = [one for one in known.uses.get(ticket.ticket_id, ()) if one.gateway != gateway]
            refused = too_many([*others, use], renewal.viewers, ticket.max_viewers, now_ms)
            return replace(answer, refused_viewers=refused)
        return answer

    def _decide(
        self,
        known: _Known,
        ticket: StoredTicket,
        principal: Principal | None,
        actor: Actor,
        renewal: Renewal,
        now_ms: int,
        writing: _Writing,
        *,
        is_first: bool,
    ) -> Renewed:
        if ticket.ended_by(known.revoked) or principal is None:
            return Renewed("ticket.revoked", "the right to this was taken away")
        if now_ms >= ticket.expire_ms:
            return Renewed("ticket.expired", "the ticket has expired")
        # Also one that comes late, after an outage: what was used in time has not been asleep.
        unused_ms = now_ms - max(ticket.use_ms, renewal.use_ms)
        if not ticket.shared and unused_ms > IDLE_MS:
            return Renewed("ticket.idle", "the ticket was not used for 30 minutes: revive it")
        asked = Asked(_caller(ticket), ticket.purpose, ticket.window)
        decision = self._rights.on_camera(
            known.facts, principal, ticket.camera_uid, Action(ticket.action), asked
        )
        if not decision.allowed:
            writing.records.append(
                _record(
                    ticket, actor, now_ms, allowed=False, reason=decision.reason, policies=decision.policies
                )
            )
            return Renewed("ticket.revoked", decision.sentence)
        if not decision.obligations <= set(ticket.obligations):
            return Renewed("ticket.revoked", "it must be shown otherwise now: ask for a new ticket")
        playing = known.playing.get(ticket.counts_for, set())
        if not may_play(playing, ticket.ticket_id, self._session_tickets):
            if is_first:  # the gateway's first word on it: once on record is enough
                writing.records.append(
                    _record(ticket, actor, now_ms, allowed=False, reason="ticket.too_many_viewers")
                )
            detail = f"{self._session_tickets} tickets play at once already, as many as may"
            return Renewed("ticket.too_many_viewers", detail)
        if renewal.use_ms and ticket.counts_for:
            known.playing.setdefault(ticket.counts_for, set()).add(ticket.ticket_id)
        return Renewed(grants=decision.grants, until_ms=decision.until_ms)


async def _read(
    connection: AsyncConnection, rights: Rights, ticket_ids: Collection[str], now_ms: int
) -> _Known:
    stored = await tickets.find_all(connection, ticket_ids)
    uses: dict[str, list[TicketUse]] = {}
    for use in await tickets.uses_of(connection, ticket_ids):
        uses.setdefault(use.ticket_id, []).append(use)
    subjects = {subject for ticket in stored.values() for subject in ticket.subjects}
    counted_for = {ticket.counts_for for ticket in stored.values()} - {""}
    return _Known(
        tickets=stored,
        uses=uses,
        facts=await rights.facts(
            connection,
            {ticket.principal for ticket in stored.values()},
            {ticket.camera_uid for ticket in stored.values()},
        ),
        revoked=await revocations.revoked(connection, subjects),
        playing=await tickets.playing(connection, counted_for, now_ms - RENEWED_WITHIN_MS),
    )


def _actor(ticket: StoredTicket, principal: Principal | None) -> Actor:
    if principal is None:
        return Actor(principal=ticket.principal, remote_address=ticket.remote_address)
    return actor_of(principal, _caller(ticket), ticket.remote_address)


def _caller(ticket: StoredTicket) -> AccessClaims:
    return AccessClaims(
        principal=ticket.principal,
        session_id=ticket.session_id,
        acting_person=ticket.acting_person,
        acting_unit=ticket.acting_unit,
        acting_reason=ticket.acting_reason,
        client_id=ticket.client_id,
    )


def _records(ticket: StoredTicket, actor: Actor, renewal: Renewal, now_ms: int) -> list[AuditRecord]:
    """What was watched, and whom the gateway turned away."""
    records = [
        _record(
            ticket,
            replace(actor, remote_address=address),
            now_ms,
            allowed=False,
            reason="ticket.too_many_viewers",
        )
        for address in renewal.refused_addresses
    ]
    if renewal.watched_ms or renewal.watched_bytes:
        view = _record(ticket, actor, now_ms, allowed=True, reason="ticket.in_use")
        watched_s = round(renewal.watched_ms / 1000)
        records.append(replace(view, event="view", watched_s=watched_s, watched_bytes=renewal.watched_bytes))
    return records


def _record(
    ticket: StoredTicket,
    actor: Actor,
    now_ms: int,
    *,
    allowed: bool,
    reason: str,
    policies: tuple[str, ...] = (),
) -> AuditRecord:
    return AuditRecord(
        time_ms=now_ms,
        event="decision",
        actor=actor,
        action=ticket.action,
        camera_uid=ticket.camera_uid,
        window=ticket.window,
        purpose=ticket.purpose,
        allowed=allowed,
        reason=reason,
        policies=policies,
        ticket_id=ticket.ticket_id,
        detail="share link" if ticket.shared else "",
    )
