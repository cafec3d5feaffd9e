"""gRPC service `Access`: decisions about people, asked by services."""

from typing import Any

from services.auth.camera_model import CameraModel
from services.auth.messages import region_message, to_ms, to_timestamp
from services.auth.region_codes import check_code
from services.auth.repository import regions
from services.auth.rights import check_action, decide_on_camera, decide_on_region, load_principal
from services.auth.tickets import TicketOffice, TicketRequest, check_window
from services.auth.validation import check_id, check_text, invalid, region_code
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError


class AccessService(auth_pb2_grpc.AccessServicer):
    """Decides. The person is whoever the access token in the request names."""

    def __init__(
        self,
        database: Database,
        cameras: CameraModel,
        tickets: TicketOffice,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._tickets = tickets
        self._verifier = verifier
        self._clock = clock

    async def Authorize(  # noqa: N802
        self, request: auth_pb2.AuthorizeRequest, context: Any
    ) -> auth_pb2.AuthorizeResponse:
        action = check_action(request.action)
        name = (await self._verifier.access_token(request.access_token)).principal
        match request.WhichOneof("resource"):
            case "camera_uid":
                uid = check_id(request.camera_uid, "camera_uid")
                await self._cameras.wait_for(uid)
                async with self._database.read() as connection:
                    principal = await load_principal(connection, name)
                    decision = await decide_on_camera(
                        connection, principal, uid, action, now_ms=self._clock.now_ms()
                    )
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

    async def CreateTicket(  # noqa: N802
        self, request: auth_pb2.CreateTicketRequest, context: Any
    ) -> auth_pb2.Ticket:
        action = check_action(request.action)
        window = check_window(
            action,
            to_ms(request.start, "start") if request.HasField("start") else None,
            to_ms(request.end, "end") if request.HasField("end") else None,
        )
        ticket, expire_ms = await self._tickets.create(
            TicketRequest(
                caller=await self._verifier.access_token(request.access_token),
                camera_uid=check_id(request.camera_uid, "camera_uid"),
                action=action,
                window=window,
                purpose=check_text(request.purpose, "purpose", max_length=500),
                remote_address=check_text(request.remote_address, "remote_address", max_length=64),
            )
        )
        return auth_pb2.Ticket(ticket=ticket, expire_time=to_timestamp(expire_ms))

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
