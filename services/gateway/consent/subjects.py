"""Requests of people who were filmed, and what owners are told."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.routes import CameraRoutes
from services.gateway.consent.calls import caller_fields
from services.gateway.consent.resources import Desk, answer_schema, body_schema
from services.gateway.http.idempotency import IDEMPOTENCY_KEY
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import Peers
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import consent_pb2

_FIELDS = (
    "window_start",
    "window_end",
    "applicant_reference",
    "identity_checked_by",
    "reason",
    "officer",
)
_REQUIRED = ("window_start", "window_end", "applicant_reference", "identity_checked_by", "reason")
_DECISION = ("decision", "reason", "duration_s")


class SubjectRoutes:
    """For those who are in the pictures, and those whose cameras they are."""

    def __init__(self, peers: Peers, identity: Identity, cameras: CameraRoutes, desk: Desk) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        subject_request = answer_schema(consent_pb2.SubjectRequest)
        return (
            Route(
                "POST",
                "/v1/subjectRequests",
                self.create,
                "Record that somebody who was filmed asks to see it.",
                parameters=(IDEMPOTENCY_KEY,),
                body=body_schema(consent_pb2.SubjectRequest, _FIELDS, _REQUIRED),
                answer=subject_request,
                errors=(400, 401, 403, 404, 422),
            ),
            Route(
                "GET",
                "/v1/subjectRequests",
                self.list,
                "Such requests that concern the caller, newest first.",
                parameters=(
                    Parameter("state", "requested, granted or refused alone."),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("subject_requests", subject_request),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                "/v1/subjectRequests/{request:[^:/]+}:decide",
                self._desk.changes(
                    self._peers.consents.DecideSubjectRequest,
                    consent_pb2.DecideSubjectRequestRequest,
                    _DECISION,
                    "subjectRequests/{request}",
                ),
                "Grant or refuse it, as a second person; granted, its officer may show the window once.",
                body=body_schema(consent_pb2.DecideSubjectRequestRequest, _DECISION, ("decision", "reason")),
                answer=subject_request,
                errors=(400, 401, 403, 404, 409),
            ),
            Route(
                "GET",
                "/v1/cameras/{camera}/views",
                self.views,
                "Who looked at one's own camera and why, newest first.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("views", answer_schema(consent_pb2.View)),
                errors=(400, 401, 403, 404),
            ),
            Route(
                "GET",
                "/v1/notices",
                self.notices,
                "What opened one's own cameras to others without one's consent, newest first.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("notices", answer_schema(consent_pb2.Notice)),
                errors=(400, 401, 403),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._desk.creator(request)
        asked = await self._desk.read(request, consent_pb2.SubjectRequest, _FIELDS)
        wanted = consent_pb2.CreateSubjectRequestRequest(**caller, subject_request=asked)
        return await self._desk.answer(self._peers.consents.CreateSubjectRequest, wanted)

    async def list(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListSubjectRequestsRequest(
            **await self._desk.caller(request),
            state=request.query.get("state", ""),
            **read_page(request.query),
        )
        return await self._desk.page(self._peers.consents.ListSubjectRequests, wanted, "subject_requests")

    async def views(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        wanted = consent_pb2.ListViewsRequest(
            **caller_fields(person), camera_uid=camera.uid, **read_page(request.query)
        )
        return await self._desk.page(self._peers.consents.ListViews, wanted, "views")

    async def notices(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListNoticesRequest(
            **await self._desk.caller(request), **read_page(request.query)
        )
        return await self._desk.page(self._peers.consents.ListNotices, wanted, "notices")
