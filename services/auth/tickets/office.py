"""Giving out tickets: decide, write the audit record, then sign."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.camera_model import CameraModel
from services.auth.decision import Decision
from services.auth.model import AuditRecord, Principal
from services.auth.repository import audit, revocations, tickets
from services.auth.repository.revocations import Kind
from services.auth.repository.tickets import StoredTicket
from services.auth.rights import Asked, Rights, actor_of, principal_unknown
from services.auth.signing_keys import SigningKeys
from services.auth.tickets.grouping import Grouped
from services.auth.tickets.request import LIFETIME_MS, IssuedTicket, TicketRequest
from services.auth.tickets.viewers import counted_for
from snowlight.access.token import TICKET_AUDIENCE, TICKET_TYP
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError, UnauthenticatedError

FORGET_AFTER_MS = 3_600_000
"""How long a ticket that has expired is kept: gateways may still have to report its use."""


_NOT_TO_SHARE = Decision(False, "auth.grant_not_shared", "what a consent or a grant opens is not passed on")


class _CameraUnknownYetError(Exception):
    """The feed may be a moment behind. Nothing is on record."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A ticket, and to whom."""

    ticket: StoredTicket
    viewer: Principal
    until_ms: int | None
    """When the first of what it rests on ends by itself."""


class TicketOffice:
    """Gives out tickets. Enter `run` in a task."""

    def __init__(
        self,
        database: Database,
        cameras: CameraModel,
        rights: Rights,
        keys: SigningKeys,
        clock: Clock,
        *,
        max_viewers: int,
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._keys = keys
        self._clock = clock
        self._max_viewers = max_viewers
        self._grouped: Grouped[tuple[TicketRequest, bool], IssuedTicket] = Grouped(self._issue)

    async def run(self) -> None:
        """Give out tickets until cancelled."""
        await self._grouped.run()

    async def create(self, request: TicketRequest) -> IssuedTicket:
        """A ticket. The decision is on record whichever way it went.

        Raises PermissionDeniedError with the decision's reason.
        """
        try:
            return await self._grouped.ask((request, False))
        except _CameraUnknownYetError:
            await self._cameras.wait_for([request.camera_uid])
            return await self._grouped.ask((request, True))

    async def create_all(self, requests: Sequence[TicketRequest]) -> list[IssuedTicket | Exception]:
        """A ticket for each, or why not, in one transaction."""
        await self._cameras.wait_for({request.camera_uid for request in requests})
        return await self._issue([(request, True) for request in requests])

    async def remove_expired(self) -> None:
        """Forget tickets that are over, and revocations that concern nothing alive."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await tickets.remove_expired(connection, now_ms - FORGET_AFTER_MS)
            await revocations.remove_old(connection, now_ms - LIFETIME_MS - FORGET_AFTER_MS)

    async def _issue(self, asked: Sequence[tuple[TicketRequest, bool]]) -> list[IssuedTicket | Exception]:
        """With each request: whether a camera that is not known is a denial already."""
        now_ms = self._clock.now_ms()
        outcomes: list[_Given | Exception] = []
        records: list[AuditRecord] = []
        requests = [request for request, _ in asked]
        async with self._database.write() as connection:
            facts = await self._rights.facts(
                connection,
                {request.caller.principal for request in requests},
                {request.camera_uid for request in requests},
            )
            sessions = {request.caller.session_id for request in requests} - {""}
            ended = await revocations.revoked(connection, sessions) if sessions else set()
            for request, final in asked:
                principal = facts.principals.get(request.caller.principal)
                if principal is None:
                    outcomes.append(principal_unknown())
                elif (Kind.SESSION, request.caller.session_id) in ended:
                    outcomes.append(UnauthenticatedError("auth.session_revoked", "the session was ended"))
                elif not final and request.camera_uid not in facts.cameras:
                    outcomes.append(_CameraUnknownYetError())
                else:
                    asked_for = Asked(request.caller, request.purpose, request.window)
                    decision = self._rights.on_camera(
                        facts, principal, request.camera_uid, request.action, asked_for
                    )
                    if request.share_until_ms is not None and decision.grants:
                        decision = _NOT_TO_SHARE
                    ticket = self._ticket(request, decision, now_ms)
                    records.append(_record(principal, request, decision, ticket, now_ms))
                    given = _Given(ticket, principal, decision.until_ms)
                    outcomes.append(given if decision.allowed else _refusal(decision))
            await audit.add_all(connection, records)
            await tickets.add_all(connection, [one.ticket for one in outcomes if isinstance(one, _Given)])
            await _end_continued(connection, requests, outcomes, now_ms)
        return [one if isinstance(one, Exception) else self._signed(one, now_ms) for one in outcomes]

    def _ticket(self, request: TicketRequest, decision: Decision, now_ms: int) -> StoredTicket:
        shared = request.share_until_ms is not None
        # Whole seconds, as its claims have them (RFC 7519, 4.1.4).
        until_ms = request.share_until_ms if request.share_until_ms is not None else now_ms + LIFETIME_MS
        return StoredTicket(
            ticket_id=secrets.token_urlsafe(12),
            principal=request.caller.principal,
            session_id="" if shared else request.caller.session_id,
            shared=shared,
            camera_uid=request.camera_uid,
            action=request.action,
            window=request.window,
            purpose=request.purpose,
            acting_person=request.caller.acting_person,
            acting_unit=request.caller.acting_unit,
            acting_reason=request.caller.acting_reason,
            client_id=request.caller.client_id,
            remote_address=request.remote_address,
            grants=decision.grants,
            obligations=tuple(sorted(decision.obligations)),
            max_viewers=1 if shared else self._max_viewers,
            expire_ms=until_ms // 1000 * 1000,
            use_ms=now_ms,
            counts_for="" if shared else counted_for(request.caller),
        )

    def _signed(self, given: _Given, issue_ms: int) -> IssuedTicket:
        """The ticket as its holder gets it."""
        ticket = given.ticket
        claims: dict[str, Any] = {
            "aud": TICKET_AUDIENCE,
            "sub": ticket.principal,
            "cam": ticket.camera_uid,
            "act": ticket.action,
            "jti": ticket.ticket_id,
            "iat": issue_ms // 1000,
            "exp": ticket.expire_ms // 1000,
            "vwr": ticket.max_viewers,
        }
        if ticket.session_id:
            claims["sid"] = ticket.session_id
        if ticket.grants:
            claims["grt"] = ticket.grants
        if ticket.shared:
            claims["spo"] = ticket.principal
        if ticket.window is not None:
            claims["win"] = ticket.window
        if given.until_ms is not None:
            claims["til"] = given.until_ms
        if ticket.obligations:
            claims["obl"] = ticket.obligations
        token = self._keys.sign(claims, TICKET_TYP)
        mark = given.viewer.mark if "watermark" in ticket.obligations else ""
        return IssuedTicket(token, ticket.ticket_id, ticket.expire_ms, mark, given.viewer.organisation)


async def _end_continued(
    connection: AsyncConnection,
    requests: Sequence[TicketRequest],
    outcomes: Sequence[_Given | Exception],
    now_ms: int,
) -> None:
    """End the tickets in whose place others were given: their gateways may be gone, and cannot say so."""
    given = [
        (request, one.ticket)
        for request, one in zip(requests, outcomes, strict=True)
        if isinstance(one, _Given) and request.continues
    ]
    if not given:
        return
    broken = await tickets.find_all(connection, {request.continues for request, _ in given})
    over = [
        old.ticket_id for request, new in given if (old := broken.get(request.continues)) and _same(old, new)
    ]
    await tickets.revoke(connection, over, now_ms)


def _same(old: StoredTicket, new: StoredTicket) -> bool:
    """Both show one camera in one way to the same. A share link is nobody's."""
    return bool(old.counts_for) and (
        (old.counts_for, old.camera_uid, old.action) == (new.counts_for, new.camera_uid, new.action)
    )


def _record(
    principal: Principal,
    request: TicketRequest,
    decision: Decision,
    ticket: StoredTicket,
    now_ms: int,
) -> AuditRecord:
    return AuditRecord(
        time_ms=now_ms,
        event="decision",
        actor=actor_of(principal, request.caller, request.remote_address),
        action=request.action,
        camera_uid=request.camera_uid,
        window=request.window,
        purpose=request.purpose,
        allowed=decision.allowed,
        reason=decision.reason,
        policies=decision.policies,
        ticket_id=ticket.ticket_id if decision.allowed else "",
        detail="" if request.share_until_ms is None else "share link",
    )


def _refusal(decision: Decision) -> PermissionDeniedError:
    return PermissionDeniedError(decision.reason, decision.sentence)
