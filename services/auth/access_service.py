"""gRPC service `Access`: decisions about people, asked by services."""

from collections.abc import Sequence
from typing import Any

from services.auth.camera_model import CameraModel
from services.auth.decision import Decision
from services.auth.facts import Facts
from services.auth.messages import camera_facts, region_message, window_of
from services.auth.model import AuditRecord, Principal
from services.auth.region_codes import check_code
from services.auth.repository import audit
from services.auth.rights import Asked, Rights, actor_of, caller_in, check_action, load_caller
from services.auth.sight import VisibleCameras, visible_regions
from services.auth.tickets.request import check_window
from services.auth.tickets.service import Tickets, TicketService
from services.auth.validation import check_address, check_id, check_text, invalid, region_code
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError

MAX_TELL_MS = 31 * 86_400_000


class AccessService(TicketService):
    """Decides. The person is whoever the access token in the request names."""

    def __init__(
        self,
        database: Database,
        cameras: CameraModel,
        rights: Rights,
        visible: VisibleCameras,
        tickets: Tickets,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        super().__init__(tickets, verifier, clock)
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._visible = visible

    async def Authorize(  # noqa: N802
        self, request: auth_pb2.AuthorizeRequest, context: Any
    ) -> auth_pb2.AuthorizeResponse:
        action = check_action(request.action)
        caller = await self._verifier.access_token(request.access_token)
        start_ms, end_ms = window_of(request)
        window = None if start_ms is None and end_ms is None else check_window(action, start_ms, end_ms)
        asked = Asked(caller, check_text(request.purpose, "purpose", max_length=500), window)
        tell = _check_tell(request)
        told: list[tuple[int, int]] = []
        match request.WhichOneof("resource"):
            case "camera_uid":
                uid = check_id(request.camera_uid, "camera_uid")
                facts = await self._facts_of_camera(caller, uid)
                principal = caller_in(facts, caller)
                decision = self._rights.on_camera(facts, principal, uid, action, asked)
                if tell is not None and decision.allowed:
                    told = self._rights.told(facts, principal, uid, action, asked, tell)
            case "region":
                code = check_code(region_code(request.region, "region"), "region")
                facts = await self._facts(caller, codes=[code])
                principal = caller_in(facts, caller)
                decision = self._rights.on_region(facts, principal, code, action)
            case "camera":
                camera = camera_facts(request.camera)
                facts = await self._facts(caller, codes=[camera.region])
                principal = caller_in(facts, caller)
                decision = self._rights.on_described(facts, principal, camera, action, asked)
            case _:
                raise invalid("resource", "is required: camera_uid, region or camera")
        if request.record:
            await self._record(request, caller, principal, decision)
        return auth_pb2.AuthorizeResponse(
            allowed=decision.allowed,
            reason=decision.reason,
            principal=principal.name,
            policies=decision.policies,
            told=[auth_pb2.TimeRange(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in told],
        )

    async def ListVisibleRegions(  # noqa: N802
        self, request: auth_pb2.ListVisibleRegionsRequest, context: Any
    ) -> auth_pb2.ListVisibleRegionsResponse:
        caller = await self._verifier.access_token(request.access_token)
        async with self._database.read() as connection:
            facts = await self._rights.facts(connection, [caller.principal])
            principal = _active(caller_in(facts, caller))
            visible = await visible_regions(connection, facts, principal, self._clock.now_ms())
        return auth_pb2.ListVisibleRegionsResponse(regions=[region_message(region) for region in visible])

    async def ListVisibleCameras(  # noqa: N802
        self, request: auth_pb2.ListVisibleCamerasRequest, context: Any
    ) -> auth_pb2.ListVisibleCamerasResponse:
        caller = await self._verifier.access_token(request.access_token)
        await self._cameras.wait_for_revision(request.revision)
        async with self._database.read() as connection:
            principal = _active(await load_caller(connection, caller))
            seen = await self._visible.of(connection, principal)
        return auth_pb2.ListVisibleCamerasResponse(
            digest=seen.digest,
            revision=seen.revision,
            camera_uids=[] if seen.digest == request.digest else sorted(seen.camera_uids),
            narrow_camera_uids=[] if seen.digest == request.digest else sorted(seen.narrow_uids),
        )

    async def _facts_of_camera(self, caller: AccessClaims, camera_uid: str) -> Facts:
        """What a decision on the camera rests on; the feed may be a moment behind a new camera."""
        facts = await self._facts(caller, [camera_uid])
        if camera_uid in facts.cameras:
            return facts
        await self._cameras.wait_for([camera_uid])
        return await self._facts(caller, [camera_uid])

    async def _facts(
        self, caller: AccessClaims, camera_uids: Sequence[str] = (), *, codes: Sequence[str] = ()
    ) -> Facts:
        async with self._database.read() as connection:
            return await self._rights.facts(connection, [caller.principal], camera_uids, codes=codes)

    async def _record(
        self,
        request: auth_pb2.AuthorizeRequest,
        caller: AccessClaims,
        principal: Principal,
        decision: Decision,
    ) -> None:
        address = check_address(request.remote_address)
        record = AuditRecord(
            time_ms=self._clock.now_ms(),
            event="decision",
            actor=actor_of(principal, caller, address),
            action=request.action,
            camera_uid=request.camera_uid,
            window=None,
            purpose=request.purpose,
            allowed=decision.allowed,
            reason=decision.reason,
            policies=decision.policies,
            region=(request.region or request.camera.region).removeprefix("regions/"),
        )
        async with self._database.write() as connection:
            await audit.add(connection, record)


def _check_tell(request: auth_pb2.AuthorizeRequest) -> tuple[int, int] | None:
    """[start, end) of what would be told, ms. Raises InvalidArgumentError."""
    if not request.HasField("tell"):
        return None
    if request.WhichOneof("resource") != "camera_uid":
        raise invalid("tell", "is of a camera_uid alone")
    start_ms, end_ms = request.tell.start_ms, request.tell.end_ms
    if not start_ms < end_ms <= start_ms + MAX_TELL_MS:
        raise invalid("tell", "must end after its start, 31 days at most")
    return start_ms, end_ms


def _active(principal: Principal) -> Principal:
    """Raises PermissionDeniedError once their account is disabled."""
    if principal.disabled:
        raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
    return principal
