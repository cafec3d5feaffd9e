"""What somebody does about their own sign-ins: a new password, the list of sessions, the end of one."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.bodies import json_response, no_content, read_json, take_strings
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import sign_in_pb2
from snowlight.rpc.status import remote_errors

_STRING = {"type": "string"}


class AccountRoutes:
    """The caller's own password and sessions."""

    def __init__(self, peers: Peers, identity: Identity) -> None:
        self._peers = peers
        self._identity = identity

    def routes(self) -> tuple[Route, ...]:
        sessions = {"type": "array", "items": schema_of(sign_in_pb2.Session.DESCRIPTOR)}
        return (
            Route(
                "POST",
                "/v1/password",
                self.change_password,
                "Replace the caller's own password. Their other sessions end.",
                body={
                    "type": "object",
                    "required": ["current_password", "new_password"],
                    "properties": {"current_password": _STRING, "new_password": _STRING},
                },
                small_body=True,
                status=204,
                errors=(400, 401, 403, 429),
            ),
            Route(
                "GET",
                "/v1/sessions",
                self.list_sessions,
                "The caller's own sessions, newest first.",
                answer={"type": "object", "properties": {"sessions": sessions}},
                errors=(401, 403),
            ),
            Route(
                "DELETE",
                "/v1/sessions/{session:[A-Za-z0-9_-]{1,64}}",
                self.end_session,
                "End one of the caller's own sessions.",
                status=204,
                errors=(401, 403, 404),
            ),
        )

    async def change_password(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        current, new = take_strings(await read_json(request), ("current_password", "new_password"))
        change = sign_in_pb2.ChangePasswordRequest(
            access_token=person.access_token,
            current_password=current,
            new_password=new,
            remote_address=person.address,
        )
        with remote_errors(AUTH):
            await self._peers.sign_in.ChangePassword(change, timeout=CALL_TIMEOUT_S)
        return no_content()

    async def list_sessions(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        with remote_errors(AUTH):
            answer = await self._peers.sign_in.ListSessions(
                sign_in_pb2.ListSessionsRequest(access_token=person.access_token), timeout=CALL_TIMEOUT_S
            )
        return json_response({"sessions": [to_json(session) for session in answer.sessions]})

    async def end_session(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        end = sign_in_pb2.EndSessionRequest(
            access_token=person.access_token,
            name=f"sessions/{request.match_info['session']}",
            remote_address=person.address,
        )
        with remote_errors(AUTH):
            await self._peers.sign_in.EndSession(end, timeout=CALL_TIMEOUT_S)
        return no_content()
