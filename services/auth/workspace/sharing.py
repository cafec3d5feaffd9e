"""With whom a layout is shared: who may share it with a region, and who is shown it."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.facts import Facts, read_facts
from services.auth.model import Kind, Line, Principal
from services.auth.repository import regions
from services.auth.rights import load_caller
from services.auth.workspace.model import WallLayout
from snowlight.access.token import AccessClaims
from snowlight.errors import PermissionDeniedError


async def load_active(connection: AsyncConnection, claims: AccessClaims, *, writes: bool) -> Principal:
    """Whom a verified token names. Raises UnauthenticatedError for nobody, PermissionDeniedError for somebody
    disabled, and for a set-top box that would change something."""
    principal = await load_caller(connection, claims)
    if principal.disabled:
        raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
    if writes and principal.kind is Kind.DEVICE:
        raise PermissionDeniedError("auth.device_live_only", "a set-top box only shows what is live")
    return principal


async def regions_around(connection: AsyncConnection, principal: Principal) -> Sequence[str]:
    """Codes of the regions whose shared layouts they are shown. None for residents: what authorities watch
    is not told them."""
    if principal.line is Line.RESIDENT:
        return ()
    return await regions.chain(connection, principal.scope)


async def require_holds(connection: AsyncConnection, owner: Principal, code: str, now_ms: int) -> None:
    """Raises PermissionDeniedError("shared_with") alike for a region outside of their scope and for none."""
    facts = await read_facts(connection, [owner.name], (), now_ms, codes=[code])
    if not _holds(facts, owner, code):
        raise PermissionDeniedError(
            "auth.outside_scope", "it can be shared with regions of your own scope", field="shared_with"
        )


async def still_shared(
    connection: AsyncConnection, layouts: Collection[WallLayout], now_ms: int
) -> list[WallLayout]:
    """Those whose owners are not disabled, and still hold the regions that they share them with."""
    owners = {layout.owner for layout in layouts}
    codes = {layout.shared_with for layout in layouts}
    facts = await read_facts(connection, owners, (), now_ms, codes=codes)
    return [
        layout
        for layout in layouts
        if (owner := facts.principals.get(layout.owner)) is not None
        and not owner.disabled
        and _holds(facts, owner, layout.shared_with)
    ]


def _holds(facts: Facts, principal: Principal, code: str) -> bool:
    """The region is their scope, or lies in it."""
    if principal.line is Line.RESIDENT:
        return False
    roots = frozenset({principal.scope})
    if principal.jurisdiction:
        held = facts.held.get(principal.jurisdiction)
        roots = held.regions if held is not None else frozenset()
    return not roots.isdisjoint(facts.chains.get(code, ()))
