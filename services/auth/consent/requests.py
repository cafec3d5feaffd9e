"""Somebody asks for a grant: a case, an emergency, a repair."""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.camera_model import CameraModel
from services.auth.consent.checks import (
    MAX_REASON,
    MAX_REFERENCE,
    check_actions,
    check_camera_uids,
    check_duration,
    check_footage_window,
    new_id,
)
from services.auth.consent.model import (
    EMERGENCY_S,
    LONGEST_GRANT_S,
    LONGEST_REPAIR_S,
    TIME_TO_DECIDE_MS,
    Grant,
    GrantCamera,
    GrantState,
    OpeningKind,
)
from services.auth.consent.repository import alerts, grants, openings
from services.auth.consent.standing import (
    AUTHORITIES,
    Caller,
    administered,
    as_grant_camera,
    caller_of,
    find_cameras,
    is_officer,
    load_named,
    note_grant,
    reached,
)
from services.auth.creations import ONLY, Creation
from services.auth.decision import Action
from services.auth.model import CameraFacts, Line, Ownership
from services.auth.repository import cameras
from services.auth.validation import check_text, invalid
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import consent_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import FailedPreconditionError, PermissionDeniedError, ResourceExhaustedError

MAX_WAITING = 100
"""Requests of one person that wait for a decision."""
EMERGENCY_CAMERAS = 10
_EMERGENCY_ACTIONS = frozenset({Action.LIVE, Action.SNAPSHOT, Action.PLAYBACK})
_REPAIR_ACTIONS = frozenset({Action.LIVE, Action.SNAPSHOT})

log = structlog.get_logger(__name__)


class RequestDesk:
    """Takes requests for grants. What holds at once is in force when the call returns."""

    def __init__(self, database: Database, model: CameraModel, clock: Clock) -> None:
        self._database = database
        self._model = model
        self._clock = clock

    async def create(
        self, claims: AccessClaims, address: str, draft: consent_pb2.Grant, creation: Creation = ONLY
    ) -> Grant:
        """Raises InvalidArgumentError naming the field, PermissionDeniedError with what the caller lacks."""
        match draft.kind:
            case OpeningKind.CASE:
                return await self._case(claims, address, draft, creation)
            case OpeningKind.EMERGENCY:
                return await self._emergency(claims, address, draft, creation)
            case OpeningKind.REPAIR:
                return await self._repair(claims, address, draft, creation)
        raise invalid("kind", "must be case, emergency or repair")

    async def _case(
        self, claims: AccessClaims, address: str, draft: consent_pb2.Grant, creation: Creation
    ) -> Grant:
        now_ms = self._clock.now_ms()
        case_number = check_text(draft.case_number, "case_number", max_length=MAX_REFERENCE, required=True)
        reason = check_text(draft.reason, "reason", max_length=MAX_REASON, required=True)
        actions = check_actions(draft.actions)
        window = _window(draft, actions, now_ms)
        duration_s = check_duration(draft.duration_s, LONGEST_GRANT_S)
        uids = check_camera_uids(draft.camera_uids)
        await self._model.wait_for(uids)
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            grant_id = new_id(now_ms)
            await creation.claim(connection, f"grants/{grant_id}", now_ms)
            _require_officer(caller)
            await _require_few(connection, caller)
            beneficiary = await load_named(connection, draft.beneficiary or caller.name, "beneficiary")
            if not is_officer(beneficiary):
                raise invalid("beneficiary", f"must be an officer of {', '.join(sorted(AUTHORITIES))}")
            grant = Grant(
                grant_id=grant_id,
                kind=OpeningKind.CASE,
                purpose="case",
                state=GrantState.REQUESTED,
                cameras=_grant_cameras(await find_cameras(connection, uids, "camera_uids")),
                actions=actions,
                window=window,
                case_number=case_number,
                reason=reason,
                requester=caller.name,
                beneficiary=beneficiary.name,
                duration_s=duration_s,
                create_ms=now_ms,
                start_ms=None,
                end_ms=now_ms + TIME_TO_DECIDE_MS,
            )
            await grants.add(connection, grant)
            await note_grant(connection, caller.actor, now_ms, "grant.request", grant, "requested")
        return grant

    async def _emergency(
        self, claims: AccessClaims, address: str, draft: consent_pb2.Grant, creation: Creation
    ) -> Grant:
        now_ms = self._clock.now_ms()
        case_number = check_text(draft.case_number, "case_number", max_length=MAX_REFERENCE)
        reason = check_text(draft.reason, "reason", max_length=MAX_REASON, required=True)
        actions = check_actions(draft.actions or [Action.LIVE], _EMERGENCY_ACTIONS)
        window = _window(draft, actions, now_ms)
        if draft.duration_s:
            raise invalid("duration_s", "is decided by whoever approves an emergency")
        uids = check_camera_uids(draft.camera_uids, EMERGENCY_CAMERAS)
        await self._model.wait_for(uids)
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            grant_id = new_id(now_ms)
            await creation.claim(connection, f"grants/{grant_id}", now_ms)
            _require_officer(caller)
            await _require_few(connection, caller)
            if draft.beneficiary not in ("", caller.name):
                raise invalid("beneficiary", "of an emergency is the one who asks")
            opened = await find_cameras(connection, uids, "camera_uids")
            if set(uids) - await reached(connection, caller.principal, opened, now_ms):
                raise PermissionDeniedError(
                    "grant.outside_scope",
                    "an emergency opens cameras inside one's own regions alone",
                    field="camera_uids",
                )
            end_ms = now_ms + EMERGENCY_S * 1000
            grant = Grant(
                grant_id=grant_id,
                kind=OpeningKind.EMERGENCY,
                purpose="emergency",
                state=GrantState.REQUESTED,
                cameras=_grant_cameras(opened),
                actions=actions,
                window=window,
                case_number=case_number,
                reason=reason,
                requester=caller.name,
                beneficiary=caller.name,
                duration_s=EMERGENCY_S,
                create_ms=now_ms,
                start_ms=now_ms,
                end_ms=end_ms,
                notice_ms=end_ms,  # or once somebody has decided it
            )
            await grants.add(connection, grant)
            await openings.add(connection, grant.openings())
            alert_id = new_id(now_ms)
            await alerts.add(connection, alert_id, grant)
            await note_grant(
                connection, caller.actor, now_ms, "grant.request", grant, "begun as an emergency"
            )
        log.warning(
            "emergency.begun",
            grant=grant.name,
            alert=f"alerts/{alert_id}",
            requester=grant.requester,
            cameras=uids,
        )
        return grant

    async def _repair(
        self, claims: AccessClaims, address: str, draft: consent_pb2.Grant, creation: Creation
    ) -> Grant:
        now_ms = self._clock.now_ms()
        case_number = check_text(draft.case_number, "case_number", max_length=MAX_REFERENCE)
        reason = check_text(draft.reason, "reason", max_length=MAX_REASON, required=True)
        actions = check_actions(draft.actions or [Action.LIVE], _REPAIR_ACTIONS)
        window = _window(draft, actions, now_ms)
        duration_s = check_duration(draft.duration_s, LONGEST_REPAIR_S)
        [uid] = check_camera_uids(draft.camera_uids, most=1)
        await self._model.wait_for([uid])
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            grant_id = new_id(now_ms)
            await creation.claim(connection, f"grants/{grant_id}", now_ms)
            camera = await _repairable(connection, caller, uid, now_ms)
            beneficiary = await load_named(connection, draft.beneficiary, "beneficiary")
            if beneficiary.line is not Line.CARRIER:
                raise invalid("beneficiary", "of a repair must be a carrier's")
            if not camera.operator or beneficiary.organisation != camera.operator:
                raise invalid("beneficiary", "must be of the carrier that operates the camera")
            grant = Grant(
                grant_id=grant_id,
                kind=OpeningKind.REPAIR,
                purpose="repair",
                state=GrantState.APPROVED,
                cameras=_grant_cameras([camera]),
                actions=actions,
                window=window,
                case_number=case_number,
                reason=reason,
                requester=caller.name,
                beneficiary=beneficiary.name,
                duration_s=duration_s,
                create_ms=now_ms,
                start_ms=now_ms,
                end_ms=now_ms + duration_s * 1000,
                decided_by=caller.name,
                decide_ms=now_ms,
                notice_ms=now_ms,
            )
            await grants.add(connection, grant)
            await openings.add(connection, grant.openings())
            await note_grant(connection, caller.actor, now_ms, "grant.repair", grant, "opened for repair")
        return grant


def _window(draft: consent_pb2.Grant, actions: tuple[str, ...], now_ms: int) -> tuple[int, int]:
    return check_footage_window(
        draft.window_start if draft.HasField("window_start") else None,
        draft.window_end if draft.HasField("window_end") else None,
        actions,
        now_ms,
        TIME_TO_DECIDE_MS + LONGEST_GRANT_S * 1000,
    )


def _require_officer(caller: Caller) -> None:
    if not is_officer(caller.principal):
        raise PermissionDeniedError(
            "grant.not_officer", f"grants are asked for by officers of {', '.join(sorted(AUTHORITIES))}"
        )


async def _require_few(connection: AsyncConnection, caller: Caller) -> None:
    if await grants.count_waiting(connection, caller.name) >= MAX_WAITING:
        raise ResourceExhaustedError(
            "grant.too_many", f"{MAX_WAITING} requests wait for a decision: withdraw some"
        )


def _grant_cameras(found: list[CameraFacts]) -> tuple[GrantCamera, ...]:
    return tuple(map(as_grant_camera, found))


async def _repairable(connection: AsyncConnection, caller: Caller, uid: str, now_ms: int) -> CameraFacts:
    """A household's camera is opened for repair by its owner, another by a government's admin.

    One answer to everybody else, also for a camera that is not known.
    """
    camera = await cameras.find(connection, uid)
    if camera is None or not await _may_open(connection, caller, camera, now_ms):
        raise PermissionDeniedError(
            "grant.not_admin",
            "a camera is opened for repair by a government's admin of its region, a household's by its owner",
            field="camera_uids",
        )
    if camera.deleted:
        raise FailedPreconditionError("auth.camera_deleted", "the camera was removed", field="camera_uids")
    return camera


async def _may_open(connection: AsyncConnection, caller: Caller, camera: CameraFacts, now_ms: int) -> bool:
    if camera.ownership is Ownership.HOUSEHOLD:
        return camera.owner == caller.name
    if caller.principal.line is not Line.GOVERNMENT:
        return False
    return bool(await administered(connection, caller.principal, [camera], now_ms))
