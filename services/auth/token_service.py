"""gRPC service `Tokens`: the one that is open to all."""

import json
from typing import Any

from services.auth.attempts import Origin
from services.auth.callers import Callers
from services.auth.introspection import TokenDesk
from services.auth.messages import principal_message
from services.auth.sign_in.clients import ClientSignIn, Credentials, check_acting
from services.auth.sign_in.devices import DeviceSignIn
from services.auth.sign_in.password import PasswordSignIn
from services.auth.signing_keys import SigningKeys
from services.auth.tokens import Grant, Tokens
from services.auth.validation import check_text, invalid
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.database import Database

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_SECRET = 256


class TokensService(auth_pb2_grpc.TokensServicer):
    """Issues, explains and revokes tokens, and tells the keys that verify them."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        passwords: PasswordSignIn,
        clients: ClientSignIn,
        devices: DeviceSignIn,
        desk: TokenDesk,
        keys: SigningKeys,
        callers: Callers,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._clients = clients
        self._devices = devices
        self._desk = desk
        self._keys = keys
        self._callers = callers

    async def IssueToken(  # noqa: N802
        self, request: auth_pb2.IssueTokenRequest, context: Any
    ) -> auth_pb2.IssueTokenResponse:
        address = self._callers.address(context, request.remote_address)
        credentials = self._credentials(request.client, context)
        match request.grant_type:
            case "password":
                origin = Origin(address, request.device_key)
                grant = await self._passwords.sign_in(
                    request.username, request.password, origin, request.new_password
                )
            case "refresh_token":
                grant = await self._tokens.refresh(request.refresh_token, await self._identify(credentials))
            case "client_credentials":
                acting = check_acting(request.acting_person, request.acting_unit, request.acting_reason)
                grant = await self._clients.sign_in(credentials, acting, address)
            case _ if request.grant_type == DEVICE_CODE:
                grant = await self._devices.poll(
                    request.device_code, await self._identify(credentials), address
                )
            case _:
                raise invalid(
                    "grant_type", f"must be password, refresh_token, client_credentials or {DEVICE_CODE}"
                )
        return grant_message(grant)

    async def RevokeToken(  # noqa: N802
        self, request: auth_pb2.RevokeTokenRequest, context: Any
    ) -> auth_pb2.RevokeTokenResponse:
        await self._desk.revoke(request.token, self._credentials(request.client, context))
        return auth_pb2.RevokeTokenResponse()

    async def IntrospectToken(  # noqa: N802
        self, request: auth_pb2.IntrospectTokenRequest, context: Any
    ) -> auth_pb2.IntrospectTokenResponse:
        facts = await self._desk.introspect(
            request.token,
            self._credentials(request.client, context),
            request.access_token,
            by_service=bool(self._callers.service(context)),
        )
        if facts is None:
            return auth_pb2.IntrospectTokenResponse(active=False)
        return auth_pb2.IntrospectTokenResponse(
            active=True,
            token_kind=facts.kind,
            claims_json=json.dumps(facts.claims, ensure_ascii=False),
            username=facts.username,
        )

    async def GetJwks(  # noqa: N802
        self, request: auth_pb2.GetJwksRequest, context: Any
    ) -> auth_pb2.GetJwksResponse:
        return auth_pb2.GetJwksResponse(jwks_json=await self._keys.jwks_json())

    def _credentials(self, client: auth_pb2.ClientCredentials, context: Any) -> Credentials:
        is_shown = client.client_id or client.certificate
        return Credentials(
            check_text(client.client_id, "client_id", max_length=64),
            check_text(client.client_secret, "client_secret", max_length=_MAX_SECRET),
            self._callers.certificate(context, client.certificate) if is_shown else b"",
        )

    async def _identify(self, credentials: Credentials) -> str:
        if not credentials.client_id:
            return ""
        async with self._database.read() as connection:
            return await self._clients.identify(connection, credentials)


def grant_message(grant: Grant) -> auth_pb2.IssueTokenResponse:
    """What a sign-in hands out, as told to callers."""
    return auth_pb2.IssueTokenResponse(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_in=grant.expires_in_s,
        token_type="Bearer",  # noqa: S106 - a type name (RFC 6750)
        principal=principal_message(grant.principal),
        device_key=grant.device_key,
    )
