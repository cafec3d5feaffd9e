"""Set-top boxes ask to be let in, and people let them in (RFC 8628)."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from services.gateway.http.bodies import (
    json_response,
    no_content,
    read_form,
    read_json,
    require_unicode,
    take_strings,
)
from services.gateway.http.edges import is_https, remote_address
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.oauth_errors import OAUTH_ERRORS, oauth_problem
from snowlight.api.auth.v1 import sign_in_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors

PATH = "/v1/device"
PAGE = "/#/device"
"""The console's page where the code is typed."""
_DECISIONS = ("approve", "deny")
_STRING = {"type": "string"}
_SECONDS = {"type": "integer", "description": "seconds"}


class DeviceRoutes:
    """Device authorization, and its approval by a person. `public_url` is where people reach the site; ""
    when it is where the request went to."""

    def __init__(self, peers: Peers, identity: Identity, *, public_url: str, behind_proxy: bool) -> None:
        self._peers = peers
        self._identity = identity
        self._public_url = public_url.rstrip("/")
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/device_authorization",
                self.authorize,
                "Ask for a code that a person types to let a device in (RFC 8628).",
                access="none",
                body={"type": "object", "required": ["client_id"], "properties": {"client_id": _STRING}},
                body_type="application/x-www-form-urlencoded",
                small_body=True,
                answer={
                    "type": "object",
                    "properties": {
                        "device_code": _STRING,
                        "user_code": _STRING,
                        "verification_uri": _STRING,
                        "verification_uri_complete": _STRING,
                        "expires_in": _SECONDS,
                        "interval": _SECONDS,
                    },
                },
                errors=(400, 401, 429),
            ),
            Route(
                "GET",
                PATH,
                self.show,
                "What waits behind a user code, and what it will be able to see.",
                parameters=(Parameter("user_code", "WDJB-MJHT", required=True),),
                answer=schema_of(sign_in_pb2.Device.DESCRIPTOR),
                errors=(400, 401, 403, 404, 429),
            ),
            Route(
                "POST",
                PATH,
                self.decide,
                "Let a device in, in the caller's name, or turn it away.",
                body={
                    "type": "object",
                    "required": ["user_code", "decision"],
                    "properties": {
                        "user_code": _STRING,
                        "decision": {"type": "string", "enum": list(_DECISIONS)},
                    },
                },
                small_body=True,
                status=204,
                errors=(400, 401, 403, 404, 429),
            ),
        )

    async def authorize(self, request: web.Request) -> web.Response:
        try:
            client_id = (await read_form(request)).get("client_id", "")
            if not client_id:
                raise InvalidArgumentError("request.required", "client_id is required", field="client_id")
            with remote_errors(AUTH):
                answer = await self._peers.sign_in.AuthorizeDevice(
                    sign_in_pb2.AuthorizeDeviceRequest(
                        client_id=client_id,
                        remote_address=remote_address(request, behind_proxy=self._behind_proxy),
                    ),
                    timeout=CALL_TIMEOUT_S,
                )
        except OAUTH_ERRORS as error:
            return oauth_problem(request, error)
        page = f"{self._public_url or self._origin(request)}{PAGE}"
        return json_response(
            {
                "device_code": answer.device_code,
                "user_code": answer.user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={quote(answer.user_code)}",
                "expires_in": answer.expires_in,
                "interval": answer.interval,
            }
        )

    async def show(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        user_code = require_unicode(request.query.get("user_code", ""), "user_code")
        if not user_code:
            raise InvalidArgumentError("request.required", "user_code is required", field="user_code")
        with remote_errors(AUTH):
            device = await self._peers.sign_in.GetDevice(
                sign_in_pb2.GetDeviceRequest(access_token=person.access_token, user_code=user_code),
                timeout=CALL_TIMEOUT_S,
            )
        return json_response(to_json(device))

    async def decide(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        user_code, decision = take_strings(await read_json(request), ("user_code", "decision"))
        if decision not in _DECISIONS:
            raise InvalidArgumentError(
                "request.invalid", f"decision must be one of {', '.join(_DECISIONS)}", field="decision"
            )
        with remote_errors(AUTH):
            await self._peers.sign_in.DecideDevice(
                sign_in_pb2.DecideDeviceRequest(
                    access_token=person.access_token,
                    user_code=user_code,
                    approve=decision == "approve",
                    remote_address=person.address,
                ),
                timeout=CALL_TIMEOUT_S,
            )
        return no_content()

    def _origin(self, request: web.Request) -> str:
        scheme = "https" if is_https(request, behind_proxy=self._behind_proxy) else "http"
        return f"{scheme}://{request.host}"
