"""Grants with a purpose, and the alerts of emergencies."""

from __future__ import annotations

from aiohttp import web
from google.protobuf.message import Message

from services.gateway.consent.resources import Call, Desk, Handler, answer_schema, body_schema
from services.gateway.http.flags import flag, read_flag
from services.gateway.http.idempotency import IDEMPOTENCY_KEY
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import Peers
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
_NAME = "grants/{grant}"
_ERRORS = (400, 401, 403, 404, 409, 412)


class GrantRoutes:
    """Asking for grants, deciding on them, ending them."""

    def __init__(self, peers: Peers, desk: Desk) -> None:
        self._peers = peers
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/grants/{grant:[^:/]+}"
        grant, alert = answer_schema(consent_pb2.Grant), answer_schema(consent_pb2.Alert)
        decision = body_schema(consent_pb2.DecideGrantRequest, _DECISION, ())
        stub = self._peers.consents
        return (
            Route(
                "POST",
                "/v1/grants",
                self.create,
                "Ask for a grant: a case waits for a second person, an emergency and a repair hold at once.",
                parameters=(IDEMPOTENCY_KEY,),
                body=body_schema(consent_pb2.Grant, _FIELDS, ("kind", "reason")),
                answer=grant,
                errors=(400, 401, 403, 404, 412, 422, 429),
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
                answer=page_schema("grants", grant),
                errors=(400, 401, 403),
            ),
            Route("GET", one, self.read, "One grant.", answer=grant, errors=(401, 403, 404)),
            Route(
                "POST",
                f"{one}:approve",
                self._changes(stub.ApproveGrant, consent_pb2.ApproveGrantRequest, _APPROVAL),
                "Put it in force, as a second person; an emergency goes on, 72 hours at most.",
                body=body_schema(consent_pb2.ApproveGrantRequest, _APPROVAL, ()),
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:deny",
                self._changes(stub.DenyGrant, consent_pb2.DecideGrantRequest, _DECISION),
                "Refuse it, as a second person; an emergency ends at once.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:withdraw",
                self._changes(stub.WithdrawGrant, consent_pb2.DecideGrantRequest, _DECISION),
                "Take back one's own request that nobody has decided yet.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:revoke",
                self._changes(stub.RevokeGrant, consent_pb2.DecideGrantRequest, _DECISION),
                "End a grant that was approved, at once.",
                body=decision,
                answer=grant,
                errors=_ERRORS,
            ),
            Route(
                "POST",
                f"{one}:deferNotice",
                self._changes(stub.DeferNotice, consent_pb2.DeferNoticeRequest, _DEFERRAL),
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
                    flag("all", "acknowledged ones too."),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("alerts", alert),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                "/v1/alerts/{alert:[^:/]+}:acknowledge",
                self.acknowledge,
                "Say that one sees to it.",
                answer=alert,
                errors=(401, 403, 404, 409),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._desk.creator(request)
        grant = await self._desk.read(request, consent_pb2.Grant, _FIELDS)
        wanted = consent_pb2.CreateGrantRequest(**caller, grant=grant)
        return await self._desk.answer(self._peers.consents.CreateGrant, wanted)

    async def list(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListGrantsRequest(
            **await self._desk.caller(request),
            kind=request.query.get("kind", ""),
            state=request.query.get("state", ""),
            **read_page(request.query),
        )
        return await self._desk.page(self._peers.consents.ListGrants, wanted, "grants")

    async def read(self, request: web.Request) -> web.Response:
        name = _NAME.format_map(request.match_info)
        wanted = consent_pb2.GetRequest(**await self._desk.caller(request), name=name)
        return await self._desk.answer(self._peers.consents.GetGrant, wanted)

    async def alerts(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListAlertsRequest(
            **await self._desk.caller(request),
            all=read_flag(request.query, "all"),
            **read_page(request.query),
        )
        return await self._desk.page(self._peers.consents.ListAlerts, wanted, "alerts")

    async def acknowledge(self, request: web.Request) -> web.Response:
        name = f"alerts/{request.match_info['alert']}"
        wanted = consent_pb2.AcknowledgeAlertRequest(**await self._desk.caller(request), name=name)
        return await self._desk.answer(self._peers.consents.AcknowledgeAlert, wanted)

    def _changes(self, call: Call, message_type: type[Message], fields: tuple[str, ...]) -> Handler:
        return self._desk.changes(call, message_type, fields, _NAME)
