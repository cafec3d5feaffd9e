"""The console's session: the access token lives in the page, the refresh token in a cookie no script reads.

The cookie goes to this path alone, on same-site requests alone (SameSite=Strict). What uses it also asks
for a header that another site's page cannot send without a preflight, which is never granted.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.bodies import json_response, no_content, read_json, require_unicode, take_strings
from services.gateway.http.edges import is_https, remote_address
from services.gateway.http.problems import problem
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.link_cookie import clear_link_cookie, set_link_cookie
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors

PATH = "/v1/session"
COOKIE = "snowlight_session"
DEVICE_COOKIE = "snowlight_device"
DEVICE_KEPT_S = 400 * 86_400  # what browsers keep a cookie for at most (RFC 6265bis section 5.5)
HEADER = "X-Snowlight-Session"
_RENEW = "renew"
_MAX_DEVICE_KEY = 64
_NOT_TOLD = frozenset({"disabled", "create_time", "organisation", "username"})

_ANSWER = {
    "type": "object",
    "properties": {
        "access_token": {"type": "string"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "principal": schema_of(auth_pb2.Principal.DESCRIPTOR),
    },
}
_HEADER_PARAMETER = Parameter(
    HEADER, "`renew`: use the cookie. Without it, a JSON body signs in.", place="header"
)


class SessionCookie:
    """The cookies of a session. One outlives it: by it a browser is known again, so that nobody who guesses
    at its account slows it down. Another, of minutes, is for links."""

    def __init__(self, *, behind_proxy: bool) -> None:
        self._behind_proxy = behind_proxy

    def set(self, request: web.Request, response: web.Response, answer: auth_pb2.IssueTokenResponse) -> None:
        """Give the browser the session that auth has begun or gone on with."""
        secure = is_https(request, behind_proxy=self._behind_proxy)
        response.set_cookie(
            COOKIE, answer.refresh_token, path=PATH, httponly=True, samesite="Strict", secure=secure
        )
        set_link_cookie(response, answer.access_token, answer.expires_in, secure=secure)
        if answer.device_key:
            response.set_cookie(
                DEVICE_COOKIE,
                answer.device_key,
                path=PATH,
                max_age=DEVICE_KEPT_S,
                httponly=True,
                samesite="Strict",
                secure=secure,
            )

    def clear(self, request: web.Request, response: web.Response) -> None:
        """Take the session from the browser."""
        secure = is_https(request, behind_proxy=self._behind_proxy)
        response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict", secure=secure)
        clear_link_cookie(response, secure=secure)


class SessionRoutes:
    """Sign in, renew, sign out."""

    def __init__(self, peers: Peers, cookie: SessionCookie, *, behind_proxy: bool) -> None:
        self._peers = peers
        self._cookie = cookie
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                PATH,
                self.open,
                "Sign in with a name and a password, or renew the session from its cookie.",
                access="session",
                parameters=(_HEADER_PARAMETER,),
                body={
                    "type": "object",
                    "properties": {
                        "username": {"type": "string"},
                        "password": {"type": "string"},
                        "new_password": {
                            "type": "string",
                            "description": "In place of a temporary one (403 auth.password_must_change).",
                        },
                    },
                },
                small_body=True,
                answer=_ANSWER,
                errors=(400, 401, 403, 429),
            ),
            Route(
                "DELETE",
                PATH,
                self.close,
                "Sign out: end the refresh token and clear the cookie.",
                access="session",
                parameters=(_HEADER_PARAMETER,),
                status=204,
                errors=(403,),
            ),
        )

    async def open(self, request: web.Request) -> web.StreamResponse:
        if HEADER in request.headers:
            return await self._renew(request)
        username, password, new_password = take_strings(
            await read_json(request), ("username", "password"), ("new_password",)
        )
        return await self._answer(
            request,
            auth_pb2.IssueTokenRequest(
                grant_type="password",
                username=username,
                password=password,
                device_key=_device_key(request),
                new_password=new_password,
            ),
        )

    async def close(self, request: web.Request) -> web.StreamResponse:
        _require_header(request)
        token = _cookie(request)
        if token:
            with remote_errors(AUTH):
                await self._peers.tokens.RevokeToken(
                    auth_pb2.RevokeTokenRequest(token=token), timeout=CALL_TIMEOUT_S
                )
        response = no_content()
        self._cookie.clear(request, response)
        return response

    async def _renew(self, request: web.Request) -> web.StreamResponse:
        _require_header(request)
        token = _cookie(request)
        if not token:
            raise UnauthenticatedError("auth.no_session", "there is no session: sign in")
        try:
            return await self._answer(
                request, auth_pb2.IssueTokenRequest(grant_type="refresh_token", refresh_token=token)
            )
        except UnauthenticatedError as error:
            response = problem(401, error.code, "the session is over: sign in again")
            self._cookie.clear(request, response)
            return response

    async def _answer(self, request: web.Request, grant: auth_pb2.IssueTokenRequest) -> web.Response:
        grant.remote_address = remote_address(request, behind_proxy=self._behind_proxy)
        with remote_errors(AUTH):
            answer = await self._peers.tokens.IssueToken(grant, timeout=CALL_TIMEOUT_S)
        response = json_response(
            {
                "access_token": answer.access_token,
                "expires_in": answer.expires_in,
                "principal": to_json(answer.principal, without=_NOT_TOLD),
            }
        )
        self._cookie.set(request, response, answer)
        return response


def _device_key(request: web.Request) -> str:
    """What an earlier sign-in has left; "" for what cannot be that."""
    value = request.cookies.get(DEVICE_COOKIE, "")
    return value if value.isascii() and len(value) <= _MAX_DEVICE_KEY else ""


def _cookie(request: web.Request) -> str:
    """The refresh token; "" when there is none. Raises InvalidArgumentError when it is no text."""
    return require_unicode(request.cookies.get(COOKIE, ""), COOKIE)


def _require_header(request: web.Request) -> None:
    value = request.headers.get(HEADER)
    if value is None:
        raise PermissionDeniedError("session.header_missing", f"the header {HEADER}: {_RENEW} is required")
    if value != _RENEW:
        raise InvalidArgumentError("request.header", f"{HEADER} must be {_RENEW}", field=HEADER)
