"""Tokens by RFC 6749, RFC 7009 and RFC 7662, and the keys that verify them (RFC 7517)."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from services.gateway.http.bodies import json_response, read_form
from services.gateway.http.edges import remote_address
from services.gateway.http.problems import bearer_token
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.client_auth import ClientAuth
from services.gateway.people.oauth_errors import OAUTH_ERRORS, oauth_problem
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_REQUIRED = {
    "password": ("username", "password"),
    "refresh_token": ("refresh_token",),
    "client_credentials": (),
    DEVICE_CODE: ("device_code", "client_id"),
}
_FORM = "application/x-www-form-urlencoded"
_STRING = {"type": "string"}
_CLIENT = {"client_id": _STRING, "client_secret": _STRING}
_TOKEN_FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": sorted(_REQUIRED)},
        "username": _STRING,
        "password": _STRING,
        "refresh_token": _STRING,
        "device_code": _STRING,
        "acting_person": {"type": "string", "description": "Whom a system acts for: all three or none."},
        "acting_unit": _STRING,
        "acting_reason": _STRING,
        **_CLIENT,
    },
}
_TOKEN_ANSWER = {
    "type": "object",
    "properties": {
        "access_token": _STRING,
        "refresh_token": _STRING,
        "expires_in": {"type": "integer", "description": "seconds"},
        "token_type": {"type": "string", "const": "Bearer"},
    },
}
_ONE_TOKEN = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": _STRING, "token_type_hint": _STRING, **_CLIENT},
}


class TokenRoutes:
    """The token endpoint, revocation, introspection, and the key set."""

    def __init__(self, peers: Peers, client_auth: ClientAuth, *, behind_proxy: bool) -> None:
        self._peers = peers
        self._client_auth = client_auth
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/token",
                self.issue,
                "Issue an access and a refresh token (RFC 6749).",
                access="none",
                body=_TOKEN_FORM,
                body_type=_FORM,
                small_body=True,
                answer=_TOKEN_ANSWER,
                errors=(400, 401, 429),
            ),
            Route(
                "POST",
                "/v1/token/revoke",
                self.revoke,
                "End a token's session and all that came from it (RFC 7009).",
                access="none",
                body=_ONE_TOKEN,
                body_type=_FORM,
                small_body=True,
                errors=(400, 401),
            ),
            Route(
                "POST",
                "/v1/token/introspect",
                self.introspect,
                "Tell a system, or a client, about a token (RFC 7662).",
                body=_ONE_TOKEN,
                body_type=_FORM,
                small_body=True,
                answer={"type": "object", "properties": {"active": {"type": "boolean"}}},
                errors=(400, 401, 403),
            ),
            Route(
                "GET",
                "/.well-known/jwks.json",
                self.jwks,
                "The public keys that tokens and tickets verify with (RFC 7517).",
                access="none",
                answer={
                    "type": "object",
                    "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
                },
            ),
        )

    async def issue(self, request: web.Request) -> web.Response:
        try:
            form = await read_form(request)
            grant = _read_grant(form)
            grant.client.CopyFrom(self._client_auth.credentials(request, form))
            grant.remote_address = remote_address(request, behind_proxy=self._behind_proxy)
            with remote_errors(AUTH):
                answer = await self._peers.tokens.IssueToken(grant, timeout=CALL_TIMEOUT_S)
        except OAUTH_ERRORS as error:
            return oauth_problem(request, error)
        return json_response(token_json(answer), headers={"Pragma": "no-cache"})

    async def revoke(self, request: web.Request) -> web.Response:
        try:
            form = await read_form(request)
            revocation = auth_pb2.RevokeTokenRequest(
                token=_required(form, "token"), client=self._client_auth.credentials(request, form)
            )
            with remote_errors(AUTH):
                await self._peers.tokens.RevokeToken(revocation, timeout=CALL_TIMEOUT_S)
        except OAUTH_ERRORS as error:
            return oauth_problem(request, error)
        return json_response({})

    async def introspect(self, request: web.Request) -> web.Response:
        try:
            form = await read_form(request)
            question = auth_pb2.IntrospectTokenRequest(
                token=_required(form, "token"), client=self._client_auth.credentials(request, form)
            )
            if not question.client.client_id:
                question.access_token = bearer_token(request)
            with remote_errors(AUTH):
                answer = await self._peers.tokens.IntrospectToken(question, timeout=CALL_TIMEOUT_S)
        except OAUTH_ERRORS as error:
            return oauth_problem(request, error)
        return json_response(_introspection_json(answer))

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=(await self._peers.jwks()).encode(),
            content_type="application/jwk-set+json",
            headers={"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"},
        )


def token_json(answer: auth_pb2.IssueTokenResponse) -> dict[str, Any]:
    """RFC 6749 section 5.1. A system gets no refresh token (section 4.4.3)."""
    refresh = {"refresh_token": answer.refresh_token} if answer.refresh_token else {}
    return {
        "access_token": answer.access_token,
        **refresh,
        "expires_in": answer.expires_in,
        "token_type": answer.token_type or "Bearer",
    }


def _introspection_json(answer: auth_pb2.IntrospectTokenResponse) -> dict[str, Any]:
    """RFC 7662 section 2.2. `token_type` is that of the token endpoint; `token_kind` tells the two apart."""
    if not answer.active:
        return {"active": False}
    is_bearer = answer.token_kind == "access_token"  # noqa: S105 - a name
    bearer = {"token_type": "Bearer"} if is_bearer else {}
    return {
        **json.loads(answer.claims_json),
        "active": True,
        "username": answer.username,
        "token_kind": answer.token_kind,
        **bearer,
    }


def _read_grant(form: dict[str, str]) -> auth_pb2.IssueTokenRequest:
    grant_type = _required(form, "grant_type")
    if grant_type not in _REQUIRED:
        raise InvalidArgumentError(
            "auth.unsupported_grant_type",
            f"grant_type must be one of {', '.join(_REQUIRED)}",
            field="grant_type",
        )
    for name in _REQUIRED[grant_type]:
        _required(form, name)
    return auth_pb2.IssueTokenRequest(
        grant_type=grant_type,
        username=form.get("username", ""),
        password=form.get("password", ""),
        refresh_token=form.get("refresh_token", ""),
        device_code=form.get("device_code", ""),
        acting_person=form.get("acting_person", ""),
        acting_unit=form.get("acting_unit", ""),
        acting_reason=form.get("acting_reason", ""),
    )


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise InvalidArgumentError("request.required", f"{name} is required", field=name)
    return value
