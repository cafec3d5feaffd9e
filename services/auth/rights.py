"""Decisions on facts read from the database."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.in_force import grants_in_force
from services.auth.decision import Action, Decision, decide_camera, decide_region
from services.auth.model import Actor, Principal, Role
from services.auth.repository import cameras, principals, regions
from services.auth.validation import invalid
from snowlight.access.token import AccessClaims
from snowlight.errors import UnauthenticatedError

_FINAL = frozenset({"auth.principal_disabled", "auth.camera_unknown", "auth.camera_deleted"})
"""Denials that no grant overcomes."""


def check_action(action: str) -> Action:
    """Raises InvalidArgumentError("action") for one that does not exist."""
    try:
        return Action(action)
    except ValueError as error:
        raise invalid("action", f"must be one of {', '.join(Action)}") from error


async def load_principal(connection: AsyncConnection, name: str) -> Principal:
    """Whom a verified token names. Raises UnauthenticatedError when they exist no more."""
    principal = await principals.find(connection, name)
    if principal is None:
        raise UnauthenticatedError("auth.principal_unknown", "the token's principal does not exist")
    return principal


async def decide_on_camera(
    connection: AsyncConnection,
    principal: Principal,
    camera_uid: str,
    action: Action,
    *,
    now_ms: int,
    window: tuple[int, int] | None = None,
) -> Decision:
    """Decide `action` on the camera as the model knows it. What roles do not allow, a grant may."""
    camera = await cameras.find(connection, camera_uid)
    chain = await regions.chain(connection, camera.region) if camera else []
    decision = decide_camera(principal, camera, chain, action)
    if decision.allowed or camera is None or decision.reason in _FINAL:
        return decision
    if not principal.roles - {Role.AUDITOR}:
        return decision
    found = await grants_in_force(connection, principal, camera, action, now_ms, window)
    if not found:
        return decision
    kind = min(grant.kind for grant in found)
    return Decision(True, f"auth.grant_{kind}", grants=tuple(sorted(grant.grant_id for grant in found)))


async def decide_on_region(
    connection: AsyncConnection, principal: Principal, code: str, action: Action
) -> Decision:
    """Decide `action` on all that a region holds."""
    return decide_region(principal, await regions.chain(connection, code), action)


async def actor_of(
    connection: AsyncConnection, principal: Principal, caller: AccessClaims, remote_address: str
) -> Actor:
    """The principal as the audit tells them."""
    region = await regions.find(connection, principal.scope)
    return Actor(
        principal=principal.name,
        organisation=principal.organisation,
        line=str(principal.line),
        tier=int(region.level) if region else 0,
        scope=principal.scope,
        acting_person=caller.acting_person,
        acting_unit=caller.acting_unit,
        remote_address=remote_address,
    )
