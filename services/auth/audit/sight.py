"""How much of the audit somebody may read: of what lies in their scope, as it lay when it was recorded."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.places import Place, Places
from services.auth.decision import EXPLANATIONS, Action
from services.auth.model import Principal
from services.auth.rights import decide_on_region
from snowlight.errors import PermissionDeniedError


async def readable(connection: AsyncConnection, principal: Principal, places: Places) -> list[Place]:
    """Where what a record is about must lie. Raises PermissionDeniedError with the decision's reason."""
    decision = await decide_on_region(connection, principal, principal.scope, Action.AUDIT_READ)
    if not decision.allowed:
        raise PermissionDeniedError(
            decision.reason, EXPLANATIONS.get(decision.reason, "the audit is not open to this account")
        )
    place = await places.of(connection, principal.scope)
    return [place] if place.path else []
