"""gRPC service `Access`: decisions about people, asked by services."""

from typing import Any

from services.auth.camera_model import CameraModel
from services.auth.messages import region_message
from services.auth.region_codes import check_code
from services.auth.repository import regions
from services.auth.rights import check_action, decide_on_camera, decide_on_region, load_principal
from services.auth.tickets.service import Tickets, TicketService
from services.auth.validation import check_id, invalid, region_code
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError


class AccessService(TicketService):
    """Decides. The person is whoever the access token in the request names."""

    def __init__(
        self,
        database: Database,
        cameras: CameraModel,
        tickets: Tickets,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        super().__init__(tickets, verifier, clock)
        self._database = database
        self._cameras = cameras

    async def Authorize(  # noqa: N802
        self, request: auth_pb2.AuthorizeRequest, context: Any
    ) -> auth_pb2.AuthorizeResponse:
        action = check_action(request.action)
        name = (await self._verifier.access_token(request.access_token)).principal
        match request.WhichOneof("resource"):
            case "camera_uid":
                uid = check_id(request.camera_uid, "camera_uid")
                await self._cameras.wait_for([uid])
                async with self._database.read() as connection:
                    principal = await load_principal(connection, name)
                    decision = await decide_on_camera(connection, principal, uid, action)
            case "region":
                code = check_code(region_code(request.region, "region"), "region")
                async with self._database.read() as connection:
                    principal = await load_principal(connection, name)
                    decision = await decide_on_region(connection, principal, code, action)
            case _:
                raise invalid("resource", "is required: camera_uid or region")
        return auth_pb2.AuthorizeResponse(
            allowed=decision.allowed, reason=decision.reason, principal=name, policies=decision.policies
        )

    async def ListVisibleRegions(  # noqa: N802
        self, request: auth_pb2.ListVisibleRegionsRequest, context: Any
    ) -> auth_pb2.ListVisibleRegionsResponse:
        name = (await self._verifier.access_token(request.access_token)).principal
        async with self._database.read() as connection:
            principal = await load_principal(connection, name)
            if principal.disabled:
                raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
            visible = await regions.below(connection, principal.scope, at_ms=self._clock.now_ms())
        return auth_pb2.ListVisibleRegionsResponse(regions=[region_message(region) for region in visible])
