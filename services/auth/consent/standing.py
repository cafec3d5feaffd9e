"""Who somebody is towards a camera: whether they administer its region, and how high they stand.

The authorities are government, police and political-legal. Their admins decide inside their scope; nobody
decides what they asked for or benefit from, and nobody of a lower tier than either.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.consent.model import Grant, GrantCamera
from services.auth.consent.repository.overseen import Overseen
from services.auth.facts import read_facts
from services.auth.model import Actor, CameraFacts, Kind, Line, Principal, Role
from services.auth.policy.engine import Subject
from services.auth.repository import cameras, jurisdictions, principals
from services.auth.rights import actor_of, load_caller
from services.auth.validation import check_address, invalid
from snowlight.access.token import AccessClaims
from snowlight.errors import InvalidArgumentError, PermissionDeniedError

AUTHORITIES = frozenset({Line.GOVERNMENT, Line.POLICE, Line.POLITICAL_LEGAL})
_PICTURE_ROLES = frozenset({Role.VIEWER, Role.OPERATOR, Role.ADMIN})
_NO_TIER = 99


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, and how the audit tells them."""

    principal: Principal
    actor: Actor

    @property
    def name(self) -> str:
        return self.principal.name


async def caller_of(connection: AsyncConnection, claims: AccessClaims, remote_address: str) -> Caller:
    """Raises UnauthenticatedError for nobody, PermissionDeniedError for somebody disabled."""
    principal = await load_caller(connection, claims)
    if principal.disabled:
        raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
    if principal.kind is Kind.DEVICE:
        raise PermissionDeniedError("auth.device_live_only", "a set-top box only shows what is live")
    if principal.kind is Kind.SYSTEM and not claims.names_person:
        raise PermissionDeniedError(
            "auth.acting_person_required",
            "a system must name the person it acts for, their unit and the reason",
        )
    address = check_address(remote_address)
    return Caller(principal, actor_of(principal, claims, address))


async def load_named(connection: AsyncConnection, name: str, field: str) -> Principal:
    """Somebody whom a request names. Raises InvalidArgumentError naming `field` unless they can sign in."""
    principal = await principals.find(connection, name)
    if principal is None or principal.disabled:
        raise invalid(field, 'must be "principals/{id}" of somebody who can sign in')
    return principal


async def find_camera(connection: AsyncConnection, uid: str, field: str) -> CameraFacts:
    """Raises InvalidArgumentError naming `field` for a camera that is not known."""
    camera = await cameras.find(connection, uid)
    if camera is None:
        raise _no_camera(field)
    return camera


async def find_cameras(connection: AsyncConnection, uids: Sequence[str], field: str) -> list[CameraFacts]:
    """In the order of `uids`. Raises InvalidArgumentError naming the place in `field` of one not known."""
    found = await cameras.find_all(connection, uids)
    for position, uid in enumerate(uids):
        if uid not in found:
            raise _no_camera(f"{field}[{position}]")
    return [found[uid] for uid in uids]


def _no_camera(field: str) -> InvalidArgumentError:
    return invalid(field, "must be a camera that exists")


def is_officer(principal: Principal) -> bool:
    """Of the authorities, and somebody who may see pictures at all."""
    return principal.line in AUTHORITIES and bool(principal.roles & _PICTURE_ROLES)


async def reached(
    connection: AsyncConnection,
    principal: Principal,
    among: Iterable[GrantCamera | CameraFacts],
    now_ms: int,
) -> set[str]:
    """uids of the cameras that lie in their scope. What is shared with them is not theirs."""
    listed = list(among)
    codes = {camera.region for camera in listed}
    facts = await read_facts(connection, [principal.name], [], now_ms, codes=codes)
    subject = Subject(principal)
    places = {camera.uid: facts.place(subject, camera.region, camera.uid) for camera in listed}
    if principal.jurisdiction:
        return {uid for uid, place in places.items() if principal.jurisdiction in place.jurisdictions}
    return {uid for uid, place in places.items() if principal.scope in place.chain}


async def administered(
    connection: AsyncConnection,
    principal: Principal,
    among: Iterable[GrantCamera | CameraFacts],
    now_ms: int,
) -> set[str]:
    """As `reached` for an admin of the authorities; none for anybody else."""
    if principal.line not in AUTHORITIES or Role.ADMIN not in principal.roles:
        return set()
    return await reached(connection, principal, among, now_ms)


async def require_admin(
    connection: AsyncConnection, principal: Principal, among: Collection[GrantCamera], now_ms: int
) -> None:
    """Raises PermissionDeniedError unless they administer all of these cameras' regions."""
    if {camera.uid for camera in among} - await administered(connection, principal, among, now_ms):
        raise PermissionDeniedError(
            "grant.not_admin", "only an admin of the region of every camera may do this", field="name"
        )


async def require_second_person(
    connection: AsyncConnection, principal: Principal, first: Iterable[str]
) -> None:
    """Raises PermissionDeniedError if they are one of `first`, or of a lower tier than one of them."""
    names = sorted(set(first))
    if principal.name in names:
        raise PermissionDeniedError("grant.own_request", "somebody else has to decide this", field="name")
    if principal.created_by in names:  # and so knows, or chose, their password
        raise PermissionDeniedError(
            "grant.made_by_requester",
            "somebody whose account they did not make has to decide this",
            field="name",
        )
    others = await principals.find_all(connection, names)
    if any(tier(principal) > tier(other) for other in others.values()):
        raise PermissionDeniedError(
            "grant.lower_tier", "somebody of the same or a higher tier has to decide this", field="name"
        )


def tier(principal: Principal) -> int:
    """The level of their scope's region: 1 is the highest."""
    return principal.tier or _NO_TIER


async def overseen(connection: AsyncConnection, principal: Principal, now_ms: int, *roles: Role) -> Overseen:
    """What lies in the scope of somebody of the authorities who has one of `roles`; nothing of others."""
    if principal.line not in AUTHORITIES or not principal.roles & set(roles):
        return Overseen()
    if not principal.jurisdiction:
        return Overseen([principal.scope])
    held = (await jurisdictions.lasting(connection, [principal.jurisdiction], now_ms)).values()
    return Overseen(
        [code for one in held for code in one.regions], [uid for one in held for uid in one.cameras]
    )


async def note_grant(
    connection: AsyncConnection, actor: Actor, now_ms: int, action: str, grant: Grant, done: str
) -> None:
    """Put on record what was done to a grant, for each of its cameras, and why it was asked for."""
    await record_change(
        connection,
        actor,
        action,
        f"{grant.name} {done}",
        now_ms,
        camera_uids=[camera.uid for camera in grant.cameras],
        window=None if grant.window == (0, 0) else grant.window,
        purpose=f"{grant.case_number} {grant.reason}".strip(),
    )


def as_grant_camera(camera: CameraFacts) -> GrantCamera:
    """The camera as a grant keeps it."""
    return GrantCamera(camera.uid, camera.region, camera.owner)
