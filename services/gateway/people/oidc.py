"""People of a provider of OpenID Connect come in: sent there, taken back, signed in at the console."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.bodies import require_unicode
from services.gateway.http.edges import is_https, remote_address
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.sessions import SessionCookie
from snowlight.api.auth.v1 import sign_in_pb2
from snowlight.errors import InvalidArgumentError, UnauthenticatedError
from snowlight.rpc.status import remote_errors

PATH = "/v1/oidc"
COOKIE = "snowlight_oidc"
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class OidcRoutes:
    """The way to a provider and back."""

    def __init__(self, peers: Peers, session: SessionCookie, *, behind_proxy: bool) -> None:
        self._peers = peers
        self._session = session
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                f"{PATH}/start",
                self.start,
                "Send the browser to a provider of OpenID Connect.",
                access="none",
                parameters=(Parameter("provider", "Its name; needless when there is but one."),),
                status=302,
                errors=(404, 503),
            ),
            Route(
                "GET",
                f"{PATH}/callback",
                self.callback,
                "Where the provider sends the browser back to: opens the console's session.",
                access="none",
                parameters=(
                    Parameter("state", "As it was sent."),
                    Parameter("code", "The provider's."),
                    Parameter("iss", "The provider's issuer (RFC 9207)."),
                    Parameter("error", "The provider's, when it refuses."),
                ),
                status=302,
                errors=(400, 401, 403, 503),
            ),
        )

    async def start(self, request: web.Request) -> web.Response:
        with remote_errors(AUTH):
            answer = await self._peers.sign_in.StartOidc(
                sign_in_pb2.StartOidcRequest(provider=_one(request, "provider")),
                timeout=CALL_TIMEOUT_S,
            )
        response = web.Response(status=302, headers=_HEADERS | {"Location": answer.authorization_url})
        response.set_cookie(
            COOKIE,
            answer.login,
            path=PATH,
            max_age=answer.expires_in,
            httponly=True,
            samesite="Lax",  # the provider's page leads back here
            secure=is_https(request, behind_proxy=self._behind_proxy),
        )
        return response

    async def callback(self, request: web.Request) -> web.Response:
        login = require_unicode(request.cookies.get(COOKIE, ""), COOKIE)
        if not login:
            raise UnauthenticatedError("auth.oidc_refused", "this browser has begun no sign-in")
        finish = sign_in_pb2.FinishOidcRequest(
            login=login,
            state=_one(request, "state"),
            code=_one(request, "code"),
            issuer=_one(request, "iss"),
            remote_address=remote_address(request, behind_proxy=self._behind_proxy),
        )
        if not finish.code:
            # The provider's own words are left where they are: anybody can write such an address.
            raise UnauthenticatedError("auth.oidc_refused", "the provider has not let you in")
        with remote_errors(AUTH):
            answer = await self._peers.sign_in.FinishOidc(finish, timeout=2 * CALL_TIMEOUT_S)
        response = web.Response(status=302, headers=_HEADERS | {"Location": "/"})
        self._session.set(request, response, answer)
        response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Lax")
        return response


def _one(request: web.Request, name: str) -> str:
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise InvalidArgumentError("request.invalid", f"{name} is given twice", field=name)
    return require_unicode(values[0], name) if values else ""
