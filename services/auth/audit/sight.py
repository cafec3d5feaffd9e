"""How much of the audit somebody may read: of what lies in their scope, as it lay when it was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.places import Places, Sight
from services.auth.decision import Action, Decision
from services.auth.model import Principal
from services.auth.rights import Rights
from snowlight.errors import PermissionDeniedError


async def readable(
    connection: AsyncConnection, rights: Rights, principal: Principal, places: Places
) -> Sight:
    """What a record must be about. Raises PermissionDeniedError with the decision's reason."""
    scope = await _scope(connection, rights, principal)
    if not scope.decision.allowed:
        raise PermissionDeniedError(scope.decision.reason, scope.decision.sentence)
    found = [await places.of(connection, code) for code in scope.regions]
    return Sight(tuple(place for place in found if place.path), scope.camera_uids)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A region, or what a jurisdiction holds, and whether the audit of it is open."""

    decision: Decision
    regions: Sequence[str] = ()
    camera_uids: frozenset[str] = frozenset()


async def _scope(connection: AsyncConnection, rights: Rights, principal: Principal) -> _Scope:
    facts = await rights.facts(connection, [principal.name])
    decision = rights.on_region(facts, principal, principal.scope, Action.AUDIT_READ)
    if not principal.jurisdiction:
        return _Scope(decision, [principal.scope])
    # Their own one only: members of a share watch; its log is for whom it belongs to.
    held = facts.held.get(principal.jurisdiction)
    if held is None:
        return _Scope(decision)
    # One decision for all that it holds: the policies know it as a whole.
    regions, uids = sorted(held.regions), sorted(held.cameras)
    facts = await rights.facts(connection, [principal.name], uids[:1], codes=regions[:1])
    if regions:
        decision = rights.on_region(facts, principal, regions[0], Action.AUDIT_READ)
    elif uids:
        decision = rights.on_camera(facts, principal, uids[0], Action.AUDIT_READ)
    return _Scope(decision, regions, held.cameras)
