"""How much of the audit somebody may read: of what lies in their scope, as it lay when it was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.places import Places, Sight
from services.auth.decision import Action, Decision
from services.auth.model import Jurisdiction, Principal
from services.auth.rights import Rights
from snowlight.errors import PermissionDeniedError


@dataclass(frozen=True, slots=True)
class _Part:
    """A region, or what a jurisdiction holds, and whether the audit of it is open."""

    decision: Decision
    regions: Sequence[str]
    camera_uids: frozenset[str] = frozenset()


async def readable(
    connection: AsyncConnection, rights: Rights, principal: Principal, places: Places
) -> Sight:
    """What a record must be about. Raises PermissionDeniedError with the decision's reason."""
    parts = await _parts(connection, rights, principal)
    open_parts = [part for part in parts if part.decision.allowed]
    if not open_parts:
        raise PermissionDeniedError(parts[0].decision.reason, parts[0].decision.sentence)
    codes = sorted({code for part in open_parts for code in part.regions})
    found = [await places.of(connection, code) for code in codes]
    return Sight(
        tuple(place for place in found if place.path),
        frozenset(uid for part in open_parts for uid in part.camera_uids),
    )


async def _parts(connection: AsyncConnection, rights: Rights, principal: Principal) -> list[_Part]:
    """The scope: a region, or the parts of a jurisdiction. At least one."""
    own = await rights.on_region(connection, principal, principal.scope, Action.AUDIT_READ)
    parts = [] if principal.jurisdiction else [_Part(own, [principal.scope])]
    facts = await rights.facts(connection, [principal.name])
    for held in facts.held.values():
        if held.jurisdiction_id != principal.jurisdiction:
            continue  # members of a share watch; its log is for whom it belongs to
        decision = await _on_jurisdiction(connection, rights, principal, held)
        if decision is not None:
            parts.append(_Part(decision, sorted(held.regions), held.cameras))
    return parts or [_Part(own, [])]


async def _on_jurisdiction(
    connection: AsyncConnection, rights: Rights, principal: Principal, held: Jurisdiction
) -> Decision | None:
    """One decision for all that it holds: the policies know it as a whole."""
    if held.regions:
        return await rights.on_region(connection, principal, min(held.regions), Action.AUDIT_READ)
    if held.cameras:
        return await rights.on_camera(connection, principal, min(held.cameras), Action.AUDIT_READ)
    return None
