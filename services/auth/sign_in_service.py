"""gRPC service `SignIn`: device codes, OpenID Connect, and what somebody does about their own sign-ins."""

from typing import Any

from services.auth.messages import region_message, to_timestamp
from services.auth.repository.refresh_tokens import Session
from services.auth.sign_in.account import Account
from services.auth.sign_in.devices import LIFETIME_S, DeviceSignIn, spelled
from services.auth.sign_in.oidc.login import OidcSignIn
from services.auth.sign_in.password import PasswordSignIn
from services.auth.token_service import grant_message
from services.auth.validation import check_address, check_text
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2, sign_in_pb2, sign_in_pb2_grpc


class SignInService(sign_in_pb2_grpc.SignInServicer):
    """Callers are services; the person is whoever the access token in the request names."""

    def __init__(
        self,
        passwords: PasswordSignIn,
        devices: DeviceSignIn,
        oidc: OidcSignIn,
        account: Account,
        verifier: TokenVerifier,
    ) -> None:
        self._passwords = passwords
        self._devices = devices
        self._oidc = oidc
        self._account = account
        self._verifier = verifier

    async def AuthorizeDevice(  # noqa: N802
        self, request: sign_in_pb2.AuthorizeDeviceRequest, context: Any
    ) -> sign_in_pb2.AuthorizeDeviceResponse:
        device_code, code = await self._devices.begin(
            request.client_id, check_address(request.remote_address)
        )
        return sign_in_pb2.AuthorizeDeviceResponse(
            device_code=device_code,
            user_code=spelled(code.user_code),
            expires_in=LIFETIME_S,
            interval=code.interval_s,
        )

    async def GetDevice(  # noqa: N802
        self, request: sign_in_pb2.GetDeviceRequest, context: Any
    ) -> sign_in_pb2.Device:
        user_code = check_text(request.user_code, "user_code", max_length=20, required=True)
        waiting = await self._devices.find(await self._caller(request.access_token), user_code)
        return sign_in_pb2.Device(
            user_code=spelled(waiting.code.user_code),
            display_name=waiting.display_name,
            remote_address=waiting.code.remote_address,
            create_time=to_timestamp(waiting.code.create_ms),
            expire_time=to_timestamp(waiting.code.expire_ms),
            regions=[region_message(region) for region in waiting.regions],
        )

    async def DecideDevice(  # noqa: N802
        self, request: sign_in_pb2.DecideDeviceRequest, context: Any
    ) -> sign_in_pb2.DecideDeviceResponse:
        await self._devices.decide(
            await self._caller(request.access_token),
            check_text(request.user_code, "user_code", max_length=20, required=True),
            approve=request.approve,
            remote_address=check_address(request.remote_address),
        )
        return sign_in_pb2.DecideDeviceResponse()

    async def StartOidc(  # noqa: N802
        self, request: sign_in_pb2.StartOidcRequest, context: Any
    ) -> sign_in_pb2.StartOidcResponse:
        start = await self._oidc.start(request.provider)
        return sign_in_pb2.StartOidcResponse(
            authorization_url=start.authorization_url, login=start.login, expires_in=start.expires_in_s
        )

    async def FinishOidc(  # noqa: N802
        self, request: sign_in_pb2.FinishOidcRequest, context: Any
    ) -> auth_pb2.IssueTokenResponse:
        grant = await self._oidc.finish(
            request.login,
            state=request.state,
            code=request.code,
            issuer=request.issuer,
            remote_address=check_address(request.remote_address),
        )
        return grant_message(grant)

    async def ChangePassword(  # noqa: N802
        self, request: sign_in_pb2.ChangePasswordRequest, context: Any
    ) -> sign_in_pb2.ChangePasswordResponse:
        await self._passwords.change(
            await self._caller(request.access_token),
            request.current_password,
            request.new_password,
            check_address(request.remote_address),
        )
        return sign_in_pb2.ChangePasswordResponse()

    async def ListSessions(  # noqa: N802
        self, request: sign_in_pb2.ListSessionsRequest, context: Any
    ) -> sign_in_pb2.ListSessionsResponse:
        caller = await self._caller(request.access_token)
        sessions = await self._account.sessions(caller)
        return sign_in_pb2.ListSessionsResponse(
            sessions=[_session_message(session, caller) for session in sessions]
        )

    async def EndSession(  # noqa: N802
        self, request: sign_in_pb2.EndSessionRequest, context: Any
    ) -> sign_in_pb2.EndSessionResponse:
        await self._account.end_session(
            await self._caller(request.access_token), request.name, check_address(request.remote_address)
        )
        return sign_in_pb2.EndSessionResponse()

    async def _caller(self, access_token: str) -> AccessClaims:
        return await self._verifier.access_token(access_token)


def _session_message(session: Session, caller: AccessClaims) -> sign_in_pb2.Session:
    return sign_in_pb2.Session(
        name=f"sessions/{session.session_id}",
        way=str(session.way),
        client_id=session.client_id,
        remote_address=session.remote_address,
        create_time=to_timestamp(session.create_ms),
        use_time=to_timestamp(session.use_ms),
        expire_time=to_timestamp(session.expire_ms),
        current=session.session_id == caller.session_id,
    )
