"""Tokens by RFC 6749 and RFC 7009, and the keys that verify them (RFC 7517)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.http.bodies import json_response, read_form
from services.gateway.http.edges import remote_address
from services.gateway.http.problems import problem, problem_of
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, UnauthenticatedError
from snowlight.rpc.status import remote_errors

_PARAMETERS = {"password": ("username", "password"), "refresh_token": ("refresh_token",)}

_TOKEN_FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": sorted(_PARAMETERS)},
        "username": {"type": "string"},
        "password": {"type": "string"},
        "refresh_token": {"type": "string"},
    },
}
_TOKEN_ANSWER = {
    "type": "object",
    "properties": {
        "access_token": {"type": "string"},
        "refresh_token": {"type": "string"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "token_type": {"type": "string", "const": "Bearer"},
    },
}


class TokenRoutes:
    """The token endpoint, revocation, and the key set."""

    def __init__(self, peers: Peers, *, behind_proxy: bool) -> None:
        self._peers = peers
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        form = "application/x-www-form-urlencoded"
        return (
            Route(
                "POST",
                "/v1/token",
                self.issue,
                "Issue an access and a refresh token (RFC 6749).",
                access="none",
                body=_TOKEN_FORM,
                body_type=form,
                answer=_TOKEN_ANSWER,
                errors=(400, 429),
            ),
            Route(
                "POST",
                "/v1/token/revoke",
                self.revoke,
                "End a refresh token and all that came from it (RFC 7009).",
                access="none",
                body={"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}},
                body_type=form,
                errors=(400,),
            ),
            Route(
                "GET",
                "/.well-known/jwks.json",
                self.jwks,
                "The public keys that tokens and tickets verify with (RFC 7517).",
                access="none",
                answer={"type": "object", "properties": {"keys": {"type": "array"}}},
            ),
        )

    async def issue(self, request: web.Request) -> web.Response:
        """Errors carry RFC 6749 section 5.2's members besides the problem's own."""
        try:
            grant = _read_grant(await read_form(request))
            grant.remote_address = remote_address(request, behind_proxy=self._behind_proxy)
            with remote_errors(AUTH):
                answer = await self._peers.tokens.IssueToken(grant, timeout=CALL_TIMEOUT_S)
        except UnauthenticatedError as error:
            return problem(400, error.code, error.detail, extra=_oauth("invalid_grant", error.detail))
        except InvalidArgumentError as error:
            unsupported = error.field == "grant_type" and error.code != "request.required"
            name = "unsupported_grant_type" if unsupported else "invalid_request"
            return problem_of(error, extra=_oauth(name, error.detail))
        return json_response(token_json(answer), headers={"Pragma": "no-cache"})

    async def revoke(self, request: web.Request) -> web.Response:
        token = (await read_form(request)).get("token", "")
        if not token:
            raise InvalidArgumentError("request.required", "token is required", field="token")
        with remote_errors(AUTH):
            await self._peers.tokens.RevokeToken(
                auth_pb2.RevokeTokenRequest(token=token), timeout=CALL_TIMEOUT_S
            )
        return json_response({})

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=(await self._peers.jwks()).encode(),
            content_type="application/jwk-set+json",
            headers={"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"},
        )


def token_json(answer: auth_pb2.IssueTokenResponse) -> dict[str, Any]:
    """RFC 6749 section 5.1."""
    return {
        "access_token": answer.access_token,
        "refresh_token": answer.refresh_token,
        "expires_in": answer.expires_in,
        "token_type": answer.token_type or "Bearer",
    }


def _read_grant(form: dict[str, str]) -> auth_pb2.IssueTokenRequest:
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise InvalidArgumentError("request.required", "grant_type is required", field="grant_type")
    if grant_type not in _PARAMETERS:
        raise InvalidArgumentError(
            "auth.unsupported_grant_type", "grant_type must be password or refresh_token", field="grant_type"
        )
    for name in _PARAMETERS[grant_type]:
        if not form.get(name):
            raise InvalidArgumentError("request.required", f"{name} is required", field=name)
    return auth_pb2.IssueTokenRequest(
        grant_type=grant_type,
        username=form.get("username", ""),
        password=form.get("password", ""),
        refresh_token=form.get("refresh_token", ""),
    )


def _oauth(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}
