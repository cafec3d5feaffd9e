"""Principals and jurisdictions, for the admins of a region."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.http.bodies import json_response, no_content, read_json
from services.gateway.http.etags import (
    IF_MATCH,
    body_etag,
    etag_header,
    preconditions,
    read_if_match,
)
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempt, Attempts
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.proto_json import from_json, schema_of, to_json
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors

_PRINCIPAL_OUTPUT = frozenset({"name", "create_time", "tier", "etag"})
_PRINCIPAL = schema_of(auth_pb2.Principal.DESCRIPTOR, output_only=_PRINCIPAL_OUTPUT)
_JURISDICTION_OUTPUT = frozenset({"name", "create_time", "etag"})
_JURISDICTION = schema_of(auth_pb2.Jurisdiction.DESCRIPTOR, output_only=_JURISDICTION_OUTPUT)


class PrincipalRoutes:
    """Rights given and taken. Auth decides what the caller may give."""

    def __init__(self, peers: Peers, identity: Identity, attempts: Attempts) -> None:
        self._peers = peers
        self._identity = identity
        self._attempts = attempts

    def routes(self) -> tuple[Route, ...]:
        new_principal = {
            **_PRINCIPAL,
            "properties": {**_PRINCIPAL["properties"], "password": {"type": "string", "writeOnly": True}},
            "required": ["username", "line", "roles", "scope"],
        }
        new_jurisdiction = {**_JURISDICTION, "required": ["display_name", "region", "reason"]}
        people, sets = "/v1/principals", "/v1/jurisdictions"
        one = f"{people}/{{principal:[^/:]+}}"
        return (
            Route(
                "GET",
                people,
                self.list_principals,
                "Principals in the regions whose rights the caller manages, by user name.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("principals", _PRINCIPAL),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                people,
                self.create_principal,
                "Create somebody who can sign in, with at most the caller's own rights.",
                parameters=(IDEMPOTENCY_KEY,),
                body=new_principal,
                answer=_PRINCIPAL,
                errors=(400, 401, 403, 404, 409, 422),
            ),
            Route(
                "GET",
                one,
                self.read_principal,
                "One principal.",
                answer=_PRINCIPAL,
                errors=(401, 403, 404),
            ),
            Route(
                "PATCH",
                one,
                self.change_principal,
                "Change display_name, organisation, roles, scope or disabled. It bites at once.",
                parameters=(IF_MATCH,),
                body=_PRINCIPAL,
                answer=_PRINCIPAL,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "POST",
                f"{one}:resetPassword",
                self.reset_password,
                "A temporary password in place of theirs, told once; with it they choose another. Their "
                "sessions end.",
                answer={"type": "object", "properties": {"temporary_password": {"type": "string"}}},
                errors=(400, 401, 403, 404),
            ),
            Route(
                "GET",
                sets,
                self.list_jurisdictions,
                "Jurisdictions, shares and special duties of the regions whose rights the caller manages.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("jurisdictions", _JURISDICTION),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                sets,
                self.create_jurisdiction,
                "Name a set of regions and cameras: as a scope, or to share with its members.",
                parameters=(IDEMPOTENCY_KEY,),
                body=new_jurisdiction,
                answer=_JURISDICTION,
                errors=(400, 401, 403, 404, 422),
            ),
            Route(
                "PUT",
                f"{sets}/{{jurisdiction}}",
                self.change_jurisdiction,
                "Replace all but its region. It bites at once.",
                parameters=(IF_MATCH,),
                body=new_jurisdiction,
                answer=_JURISDICTION,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "DELETE",
                f"{sets}/{{jurisdiction}}",
                self.delete_jurisdiction,
                "End it.",
                status=204,
                errors=(401, 403, 404, 412),
            ),
        )

    async def list_principals(self, request: web.Request) -> web.Response:
        wanted = auth_pb2.ListPrincipalsRequest(
            **read_page(request.query), on_behalf_of=await self._caller(request)
        )
        with remote_errors(AUTH):
            answer = await self._peers.directory.ListPrincipals(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "principals": [to_json(principal) for principal in answer.principals],
                "next_page_token": answer.next_page_token,
            }
        )

    async def create_principal(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        attempt = await self._attempt(request, body)
        password = body.pop("password", "")
        if not isinstance(password, str):
            raise InvalidArgumentError("request.type", "password must be a string", field="password")
        wanted = auth_pb2.CreatePrincipalRequest(
            principal=from_json(body, auth_pb2.Principal, ignore=_PRINCIPAL_OUTPUT),
            password=password,
            on_behalf_of=await self._caller(request),
            **attempt.fields,
        )
        with remote_errors(AUTH):
            return _answer(await self._peers.directory.CreatePrincipal(wanted, timeout=CALL_TIMEOUT_S))

    async def read_principal(self, request: web.Request) -> web.Response:
        wanted = auth_pb2.GetPrincipalRequest(
            name=_principal_name(request), on_behalf_of=await self._caller(request)
        )
        with remote_errors(AUTH):
            return _answer(await self._peers.directory.GetPrincipal(wanted, timeout=CALL_TIMEOUT_S))

    async def change_principal(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        principal = from_json(body, auth_pb2.Principal, ignore=_PRINCIPAL_OUTPUT)
        if_match = read_if_match(request)
        principal.name, principal.etag = _principal_name(request), if_match or body_etag(body)
        wanted = auth_pb2.UpdatePrincipalRequest(
            principal=principal, on_behalf_of=await self._caller(request)
        )
        fields = [field for field in body if field not in _PRINCIPAL_OUTPUT]
        if not fields:
            raise InvalidArgumentError("request.required", "name at least one field to change")
        wanted.update_mask.paths.extend(fields)
        with preconditions(if_match), remote_errors(AUTH):
            return _answer(await self._peers.directory.UpdatePrincipal(wanted, timeout=CALL_TIMEOUT_S))

    async def reset_password(self, request: web.Request) -> web.Response:
        wanted = auth_pb2.ResetPasswordRequest(
            name=_principal_name(request), on_behalf_of=await self._caller(request)
        )
        with remote_errors(AUTH):
            answer = await self._peers.directory.ResetPassword(wanted, timeout=CALL_TIMEOUT_S)
        return json_response({"temporary_password": answer.temporary_password})

    async def list_jurisdictions(self, request: web.Request) -> web.Response:
        wanted = auth_pb2.ListJurisdictionsRequest(
            **read_page(request.query), on_behalf_of=await self._caller(request)
        )
        with remote_errors(AUTH):
            answer = await self._peers.directory.ListJurisdictions(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "jurisdictions": [to_json(one) for one in answer.jurisdictions],
                "next_page_token": answer.next_page_token,
            }
        )

    async def create_jurisdiction(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        wanted = auth_pb2.CreateJurisdictionRequest(
            jurisdiction=from_json(body, auth_pb2.Jurisdiction, ignore=_JURISDICTION_OUTPUT),
            on_behalf_of=await self._caller(request),
            **(await self._attempt(request, body)).fields,
        )
        with remote_errors(AUTH):
            return _answer(await self._peers.directory.CreateJurisdiction(wanted, timeout=CALL_TIMEOUT_S))

    async def change_jurisdiction(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        jurisdiction = from_json(body, auth_pb2.Jurisdiction, ignore=_JURISDICTION_OUTPUT)
        if_match = read_if_match(request)
        jurisdiction.name, jurisdiction.etag = _jurisdiction_name(request), if_match or body_etag(body)
        wanted = auth_pb2.UpdateJurisdictionRequest(
            jurisdiction=jurisdiction, on_behalf_of=await self._caller(request)
        )
        with preconditions(if_match), remote_errors(AUTH):
            return _answer(await self._peers.directory.UpdateJurisdiction(wanted, timeout=CALL_TIMEOUT_S))

    async def delete_jurisdiction(self, request: web.Request) -> web.Response:
        wanted = auth_pb2.DeleteJurisdictionRequest(
            name=_jurisdiction_name(request), on_behalf_of=await self._caller(request)
        )
        with remote_errors(AUTH):
            await self._peers.directory.DeleteJurisdiction(wanted, timeout=CALL_TIMEOUT_S)
        return no_content()

    async def _attempt(self, request: web.Request, body: dict[str, Any]) -> Attempt:
        return self._attempts.of(request, (await self._identity.person(request)).name, body)

    async def _caller(self, request: web.Request) -> auth_pb2.OnBehalfOf:
        person = await self._identity.person(request)
        return auth_pb2.OnBehalfOf(access_token=person.access_token, remote_address=person.address)


def _principal_name(request: web.Request) -> str:
    return f"principals/{request.match_info['principal']}"


def _jurisdiction_name(request: web.Request) -> str:
    return f"jurisdictions/{request.match_info['jurisdiction']}"


def _answer(one: auth_pb2.Principal | auth_pb2.Jurisdiction) -> web.Response:
    return json_response(to_json(one), headers=etag_header(one.etag))
