"""gRPC service `Tokens`: the one that is open to all."""

from typing import Any

from services.auth.messages import principal_message
from services.auth.signing_keys import SigningKeys
from services.auth.tokens import ACCESS_TOKEN_S, Tokens
from services.auth.validation import check_text, invalid
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc


class TokensService(auth_pb2_grpc.TokensServicer):
    """Issues and revokes tokens, and tells the keys that verify them."""

    def __init__(self, tokens: Tokens, keys: SigningKeys) -> None:
        self._tokens = tokens
        self._keys = keys

    async def IssueToken(  # noqa: N802
        self, request: auth_pb2.IssueTokenRequest, context: Any
    ) -> auth_pb2.IssueTokenResponse:
        match request.grant_type:
            case "password":
                address = check_text(request.remote_address, "remote_address", max_length=64)
                grant = await self._tokens.sign_in(
                    request.username, request.password, address or _host(context.peer())
                )
            case "refresh_token":
                grant = await self._tokens.refresh(request.refresh_token)
            case _:
                raise invalid("grant_type", 'must be "password" or "refresh_token"')
        return auth_pb2.IssueTokenResponse(
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_in=ACCESS_TOKEN_S,
            token_type="Bearer",  # noqa: S106 - a type name (RFC 6750)
            principal=principal_message(grant.principal),
        )

    async def RevokeToken(  # noqa: N802
        self, request: auth_pb2.RevokeTokenRequest, context: Any
    ) -> auth_pb2.RevokeTokenResponse:
        await self._tokens.revoke(request.token)
        return auth_pb2.RevokeTokenResponse()

    async def GetJwks(  # noqa: N802
        self, request: auth_pb2.GetJwksRequest, context: Any
    ) -> auth_pb2.GetJwksResponse:
        return auth_pb2.GetJwksResponse(jwks_json=await self._keys.jwks_json())


def _host(peer: str) -> str:
    """The address in gRPC's "ipv4:127.0.0.1:51234": a new connection must not make a new caller."""
    return peer.rpartition(":")[0]
