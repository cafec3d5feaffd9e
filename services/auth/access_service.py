"""gRPC service `Access`: decisions about people, asked by services."""

from typing import Any

from services.auth.authorization import Authorization
from services.auth.camera_model import CameraModel
from services.auth.messages import region_message
from services.auth.model import Principal
from services.auth.rights import Rights, caller_in, check_action, load_caller
from services.auth.sight import VisibleCameras, visible_regions
from services.auth.tickets.service import LARGEST_BATCH, Tickets, TicketService, problem_of
from services.auth.validation import invalid
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError, SnowlightError


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
        self._authorization = Authorization(database, cameras, rights, clock)
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._visible = visible

    async def Authorize(  # noqa: N802
        self, request: auth_pb2.AuthorizeRequest, context: Any
    ) -> auth_pb2.AuthorizeResponse:
        check_action(request.action)  # told also to whom no token names
        caller = await self._verifier.access_token(request.access_token)
        [answer] = await self._authorization.answer_all(caller, [request], request.remote_address)
        if isinstance(answer, SnowlightError):
            raise answer
        return answer

    async def BatchAuthorize(  # noqa: N802
        self, request: auth_pb2.BatchAuthorizeRequest, context: Any
    ) -> auth_pb2.BatchAuthorizeResponse:
        caller = await self._verifier.access_token(request.access_token)
        if not 1 <= len(request.requests) <= LARGEST_BATCH:
            raise invalid("requests", f"must be 1 to {LARGEST_BATCH}")
        answers = await self._authorization.answer_all(caller, request.requests, request.remote_address)
        return auth_pb2.BatchAuthorizeResponse(
            results=[
                auth_pb2.AuthorizeResult(problem=problem_of(answer))
                if isinstance(answer, SnowlightError)
                else auth_pb2.AuthorizeResult(response=answer)
                for answer in answers
            ]
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


def _active(principal: Principal) -> Principal:
    """Raises PermissionDeniedError once their account is disabled."""
    if principal.disabled:
        raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
    return principal
