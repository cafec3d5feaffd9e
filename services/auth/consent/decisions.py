"""What becomes of grants: approved, denied, withdrawn, revoked; and when their owners are told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.checks import (
    MAX_REASON,
    changed_meanwhile,
    check_duration,
    check_end,
    id_of,
    not_found,
)
from services.auth.consent.model import (
    LONGEST_DEFERRAL_MS,
    LONGEST_GRANT_S,
    Grant,
    GrantState,
    OpeningKind,
)
from services.auth.consent.repository import grants, openings
from services.auth.consent.standing import (
    Caller,
    administered,
    caller_of,
    note_grant,
    overseen,
    require_admin,
    require_second_person,
)
from services.auth.model import Principal, Role
from services.auth.repository import revocations
from services.auth.validation import check_text
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import consent_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, FailedPreconditionError, PermissionDeniedError

_Decide = Callable[[AsyncConnection, Caller, Grant], Awaitable[dict[str, Any]]]


class DecisionDesk:
    """Decides on grants. Of two who decide at once one wins, and the other gets AbortedError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, claims: AccessClaims, address: str, name: str) -> Grant:
        """Raises NotFoundError alike for none and for one that is none of the caller's business."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            grant = await _find(connection, name)
            mine = caller.name in (grant.requester, grant.beneficiary)
            if not mine and not await administered(connection, caller.principal, grant.cameras, now_ms):
                raise not_found("grant")
        return grant

    async def page(
        self, claims: AccessClaims, address: str, kind: str, state: str, before: str, limit: int
    ) -> list[Grant]:
        """Newest first."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            theirs = await overseen(connection, caller.principal, now_ms, Role.ADMIN, Role.AUDITOR)
            of_person = grants.of_person(caller.name, theirs)
            where = of_person & grants.of_kind(kind, state)
            return await grants.page(connection, where=where, before=before, limit=limit)

    async def page_of_all(self, kind: str, state: str, before: str, limit: int) -> list[Grant]:
        """Newest first, for administration."""
        async with self._database.read() as connection:
            return await grants.page(
                connection, where=grants.of_kind(kind, state), before=before, limit=limit
            )

    async def approve(
        self, claims: AccessClaims, address: str, request: consent_pb2.ApproveGrantRequest
    ) -> Grant:
        """In force from now on, or further. Raises PermissionDeniedError unless a second person may."""
        now_ms = self._clock.now_ms()
        reason = check_text(request.reason, "reason", max_length=MAX_REASON)

        async def approved(connection: AsyncConnection, caller: Caller, grant: Grant) -> dict[str, Any]:
            await _require_decider(connection, caller, grant, now_ms)
            longest_s = LONGEST_GRANT_S if grant.kind is OpeningKind.EMERGENCY else grant.duration_s
            duration_s = check_duration(request.duration_s, longest_s, grant.duration_s)
            end_ms = now_ms + duration_s * 1000
            if grant.start_ms is None:
                begun = replace(grant, start_ms=now_ms, end_ms=end_ms)
                await openings.add(connection, begun.openings())
            else:
                await openings.prolong(connection, grant.grant_id, end_ms, None)
            return {
                "state": GrantState.APPROVED,
                "start_ms": now_ms if grant.start_ms is None else grant.start_ms,
                "end_ms": end_ms,
                "duration_s": duration_s,
                "decided_by": caller.name,
                "decide_ms": now_ms,
                "decision_reason": reason,
                "notice_ms": now_ms,
            }

        return await self._change(claims, address, request.name, request.etag, "approve", approved)

    async def deny(
        self, claims: AccessClaims, address: str, request: consent_pb2.DecideGrantRequest
    ) -> Grant:
        """An emergency ends at once."""
        now_ms = self._clock.now_ms()
        reason = check_text(request.reason, "reason", max_length=MAX_REASON, required=True)

        async def denied(connection: AsyncConnection, caller: Caller, grant: Grant) -> dict[str, Any]:
            await _require_decider(connection, caller, grant, now_ms)
            decision = {
                "state": GrantState.DENIED,
                "end_ms": now_ms,
                "decided_by": caller.name,
                "decide_ms": now_ms,
                "decision_reason": reason,
            }
            if grant.start_ms is not None:
                decision["notice_ms"] = now_ms
            return decision

        return await self._change(claims, address, request.name, request.etag, "deny", denied)

    async def withdraw(
        self, claims: AccessClaims, address: str, request: consent_pb2.DecideGrantRequest
    ) -> Grant:
        """The requester takes back what waits for a decision; an emergency ends at once."""
        now_ms = self._clock.now_ms()
        reason = check_text(request.reason, "reason", max_length=MAX_REASON)

        async def withdrawn(connection: AsyncConnection, caller: Caller, grant: Grant) -> dict[str, Any]:
            if caller.name != grant.requester:
                raise PermissionDeniedError(
                    "grant.not_requester", "only the requester withdraws a request", field="name"
                )
            decision = {"state": GrantState.WITHDRAWN, "end_ms": now_ms, "decision_reason": reason}
            if grant.start_ms is not None:
                decision["notice_ms"] = now_ms
            return decision

        return await self._change(claims, address, request.name, request.etag, "withdraw", withdrawn)

    async def revoke(
        self, claims: AccessClaims, address: str, request: consent_pb2.DecideGrantRequest
    ) -> Grant:
        """End what was approved at once: by requester, beneficiary, or an admin of one of its regions."""
        now_ms = self._clock.now_ms()
        reason = check_text(request.reason, "reason", max_length=MAX_REASON, required=True)

        async def revoked(connection: AsyncConnection, caller: Caller, grant: Grant) -> dict[str, Any]:
            if caller.name not in (grant.requester, grant.beneficiary):
                await _require_admin_of_one(connection, caller.principal, grant, now_ms)
            return {"state": GrantState.REVOKED, "end_ms": now_ms, "decision_reason": reason}

        return await self._change(
            claims, address, request.name, request.etag, "revoke", revoked, GrantState.APPROVED
        )

    async def defer_notice(
        self, claims: AccessClaims, address: str, request: consent_pb2.DeferNoticeRequest
    ) -> Grant:
        """Have the owner told at a stated date. Raises PermissionDeniedError unless they approved it."""
        now_ms = self._clock.now_ms()
        reason = check_text(request.reason, "reason", max_length=MAX_REASON, required=True)
        notice_ms = check_end(
            request.notice_time if request.HasField("notice_time") else None,
            now_ms,
            LONGEST_DEFERRAL_MS,
            "notice_time",
        )
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            grant = await _find(connection, request.name, lock=True)
            if caller.name in (grant.requester, grant.beneficiary):
                raise PermissionDeniedError(
                    "grant.own_request", "a second person defers the notice", field="name"
                )
            if not grant.decided_by or caller.name != grant.decided_by:
                raise PermissionDeniedError(
                    "grant.not_approver", "whoever approved it defers the notice", field="name"
                )
            denied = grant.state is GrantState.DENIED
            if denied or grant.start_ms is None or grant.purpose not in ("case", "emergency"):
                raise FailedPreconditionError(
                    "grant.not_deferrable", "only the notice of a case or an emergency is deferred"
                )
            decided_ms = grant.decide_ms or now_ms
            check_end(request.notice_time, now_ms, decided_ms + LONGEST_DEFERRAL_MS - now_ms, "notice_time")
            values: dict[str, Any] = {
                "notice_ms": notice_ms,
                "notice_deferred_by": caller.name,
                "notice_reason": reason,
            }
            if not await grants.change(connection, grant, **values):
                raise changed_meanwhile("grant")
            deferred = replace(grant, revision=grant.revision + 1, **values)
            await note_grant(
                connection, caller.actor, now_ms, "grant.defer_notice", deferred, f"notice deferred: {reason}"
            )
        return deferred

    async def _change(
        self,
        claims: AccessClaims,
        address: str,
        name: str,
        etag: str,
        verb: str,
        decide: _Decide,
        expected: GrantState = GrantState.REQUESTED,
    ) -> Grant:
        """Take a grant out of the state `expected`, in one transaction with what follows from it."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            grant = await _find(connection, name, lock=True)
            if etag and etag != grant.etag:
                raise changed_meanwhile("grant")
            if grant.state is not expected:
                raise AbortedError("grant.decided", f"it is {grant.state}, not {expected}", field="name")
            if grant.end_ms <= now_ms:
                raise FailedPreconditionError("grant.expired", "its time is over", field="name")
            values = await decide(connection, caller, grant)
            kept = {key: str(value) if key == "state" else value for key, value in values.items()}
            if not await grants.change(connection, grant, **kept):
                raise changed_meanwhile("grant")
            changed = replace(grant, revision=grant.revision + 1, **values)
            action = f"grant.{verb}"
            await note_grant(connection, caller.actor, now_ms, action, changed, str(changed.state))
            if grant.is_in_force and not changed.is_in_force:
                await openings.remove(connection, grant.grant_id)
                revocations.add(connection, revocations.Kind.GRANT, grant.grant_id, now_ms)
        return changed


async def _require_admin_of_one(
    connection: AsyncConnection, principal: Principal, grant: Grant, now_ms: int
) -> None:
    if not await administered(connection, principal, grant.cameras, now_ms):
        raise PermissionDeniedError(
            "grant.not_admin", "only an admin of the region of one of its cameras may do this", field="name"
        )


async def _find(connection: AsyncConnection, name: str, *, lock: bool = False) -> Grant:
    grant = await grants.find(connection, id_of(name, "grants"), lock=lock)
    if grant is None:
        raise not_found("grant")
    return grant


async def _require_decider(connection: AsyncConnection, caller: Caller, grant: Grant, now_ms: int) -> None:
    await require_admin(connection, caller.principal, grant.cameras, now_ms)
    await require_second_person(connection, caller.principal, (grant.requester, grant.beneficiary))
