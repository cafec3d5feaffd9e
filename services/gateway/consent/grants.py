"""Grants with a purpose, and the alerts of emergencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from services.gateway.consent.resources import (
    PAGE_PARAMETERS,
    Desk,
    answer_schema,
    auth_errors,
    body_schema,
    page_schema,
    read_page,
)
from services.gateway.http.bodies import json_response
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import CALL_TIMEOUT_S, Peers
from snowlight.api.auth.v1 import consent_pb2

_FIELDS = (
    "kind",
    "actions",
    "window_start",
    "window_end",
    "case_number",
    "reason",
    "beneficiary",
    "duration_s",
)
_APPROVAL = ("etag", "reason", "duration_s")
_DECISION = ("etag", "reason")
_DEFERRAL = ("notice_time", "reason")
_ERRORS = (400, 401, 403, 404, 409, 412)


class GrantRoutes:
    """Asking for grants, deciding on them, ending them."""

    def __init__(self, peers: Peers, desk: Desk) -> None:
        self._peers = peers
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/grants/{grant:[^:/]+}"
        grant = answer_schema(consent_pb2.Grant)
        decision = body_schema(consent_pb2.DecideGrantRequest, _DECISION, ())
        stub = self._peers.consents
        return (
            Route(
                "POST",
                "/v1/grants",
                self.create,
                "Ask for a grant: a case waits for a second person, an emergency and a repair hold at once.",
                body=body_schema(consent_pb2.Grant, _FIELDS, ("kind", "reason")),
                answer=grant,
                errors=(400, 401, 403, 412, 429),
            ),
            Route(
                "GET",
                "/v1/grants",
                self.list,
                "Grants that concern the caller, newest first.",
                parameters=(
                    Parameter("kind", "case, emergency or repair alone."),
                    Parameter("state", "requested, approved, denied, withdrawn, revoked or expired alone."),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("grants", consent_pb2.Grant),
                errors=(400, 401, 403),
            ),
            Route("GET", one, self.read, "One grant.", answer=grant, errors=(401, 403, 404)),
            Route(
                "POST",
                f"{one}:approve",
                self.approve,
                "Put it in force, as a second person; an emergency goes on, 72 hours at most.",
                body=body_schema(consent_pb2.ApproveGrantRequest, _APPROVAL, ()),
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:deny",
                self._decide(stub.DenyGrant),
                "Refuse it, as a second person; an emergency ends at once.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:withdraw",
                self._decide(stub.WithdrawGrant),
                "Take back one's own request that nobody has decided yet.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:revoke",
                self._decide(stub.RevokeGrant),
                "End a grant that was approved, at once.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:deferNotice",
                self.defer,
                "Have the owner told of it later, 90 days at most; by whoever approved it.",
                body=body_schema(consent_pb2.DeferNoticeRequest, _DEFERRAL, _DEFERRAL),
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "GET",
                "/v1/alerts",
                self.alerts,
                "Emergencies in the regions the caller administers, newest first.",
                parameters=(
                    Parameter("all", "true: acknowledged ones too.", {"type": "boolean"}),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("alerts", consent_pb2.Alert),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                "/v1/alerts/{alert:[^:/]+}:acknowledge",
                self.acknowledge,
                "Say that one sees to it.",
                answer=answer_schema(consent_pb2.Alert),
                errors=(401, 403, 404, 409),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        grant = await self._desk.read(request, consent_pb2.Grant, _FIELDS)
        with auth_errors():
            created = await self._peers.consents.CreateGrant(
                consent_pb2.CreateGrantRequest(**caller, grant=grant), timeout=CALL_TIMEOUT_S
            )
        return json_response(self._desk.write(created))

    async def list(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListGrantsRequest(
            **await self._desk.caller(request),
            kind=request.query.get("kind", ""),
            state=request.query.get("state", ""),
            **read_page(request.query),
        )
        with auth_errors():
            page = await self._peers.consents.ListGrants(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "grants": [self._desk.write(each) for each in page.grants],
                "next_page_token": page.next_page_token,
            }
        )

    async def read(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.GetRequest(**await self._desk.caller(request), name=_name(request))
        with auth_errors():
            grant = await self._peers.consents.GetGrant(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(grant))

    async def approve(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        wanted = await self._desk.read(request, consent_pb2.ApproveGrantRequest, _APPROVAL)
        wanted.MergeFrom(consent_pb2.ApproveGrantRequest(**caller, name=_name(request)))
        with auth_errors():
            approved = await self._peers.consents.ApproveGrant(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(approved))

    def _decide(self, call: Callable[..., Any]) -> Callable[[web.Request], Any]:
        async def handler(request: web.Request) -> web.Response:
            caller = await self._desk.caller(request)
            wanted = await self._desk.read(request, consent_pb2.DecideGrantRequest, _DECISION)
            wanted.MergeFrom(consent_pb2.DecideGrantRequest(**caller, name=_name(request)))
            with auth_errors():
                decided = await call(wanted, timeout=CALL_TIMEOUT_S)
            return json_response(self._desk.write(decided))

        return handler

    async def defer(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        wanted = await self._desk.read(request, consent_pb2.DeferNoticeRequest, _DEFERRAL)
        wanted.MergeFrom(consent_pb2.DeferNoticeRequest(**caller, name=_name(request)))
        with auth_errors():
            deferred = await self._peers.consents.DeferNotice(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(deferred))

    async def alerts(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListAlertsRequest(
            **await self._desk.caller(request),
            all=request.query.get("all", "") == "true",
            **read_page(request.query),
        )
        with auth_errors():
            page = await self._peers.consents.ListAlerts(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "alerts": [self._desk.write(each) for each in page.alerts],
                "next_page_token": page.next_page_token,
            }
        )

    async def acknowledge(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.AcknowledgeAlertRequest(
            **await self._desk.caller(request), name=f"alerts/{request.match_info['alert']}"
        )
        with auth_errors():
            alert = await self._peers.consents.AcknowledgeAlert(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(alert))


def _name(request: web.Request) -> str:
    return f"grants/{request.match_info['grant']}"
