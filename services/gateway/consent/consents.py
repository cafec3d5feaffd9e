"""Consents of owners, and what their withdrawal erases."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.consent.resources import Desk, answer_schema, body_schema
from services.gateway.http.idempotency import IDEMPOTENCY_KEY
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import Peers
from snowlight.api.auth.v1 import consent_pb2

_FIELDS = (
    "audience",
    "actions",
    "hours_from",
    "hours_to",
    "footage_from",
    "end_time",
    "paper_reference",
)
_RENEWAL = ("end_time", "paper_reference")
_WITHDRAWAL = ("erase", "paper_reference")
_NAME = "consents/{consent}"


class ConsentRoutes:
    """Owners open and close their cameras."""

    def __init__(self, peers: Peers, desk: Desk, model: CameraModel) -> None:
        self._peers = peers
        self._desk = desk
        self._model = model

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/consents/{consent:[^:/]+}"
        consent = answer_schema(consent_pb2.Consent)
        stub = self._peers.consents
        return (
            Route(
                "POST",
                "/v1/consents",
                self.create,
                "Open a household's camera: by its owner, or with the owner's signed paper.",
                parameters=(IDEMPOTENCY_KEY,),
                body=body_schema(consent_pb2.Consent, _FIELDS, ("audience", "actions", "end_time")),
                answer=consent,
                errors=(400, 401, 403, 404, 412, 422),
            ),
            Route(
                "GET",
                "/v1/consents",
                self.list,
                "Consents that concern the caller, newest first.",
                parameters=(Parameter("camera", "cameras/{id}: of this one alone."), *PAGE_PARAMETERS),
                answer=page_schema("consents", consent),
                errors=(400, 401, 403),
            ),
            Route("GET", one, self.read, "One consent.", answer=consent, errors=(401, 403, 404)),
            Route(
                "POST",
                f"{one}:renew",
                self._desk.changes(stub.RenewConsent, consent_pb2.RenewConsentRequest, _RENEWAL, _NAME),
                "Give it another end, a year ahead at most.",
                body=body_schema(consent_pb2.RenewConsentRequest, _RENEWAL, ("end_time",)),
                answer=consent,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "POST",
                f"{one}:withdraw",
                self._desk.changes(
                    stub.WithdrawConsent,
                    consent_pb2.WithdrawConsentRequest,
                    _WITHDRAWAL,
                    "consents/{consent}",
                ),
                "Close the camera at once; `erase` has what was recorded erased, but for what is held.",
                body=body_schema(consent_pb2.WithdrawConsentRequest, _WITHDRAWAL, ()),
                answer=consent,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "GET",
                "/v1/erasures",
                self.erasures,
                "What is being erased for the caller, newest first.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("erasures", answer_schema(consent_pb2.Erasure)),
                errors=(400, 401, 403),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._desk.creator(request)
        consent = await self._desk.read(request, consent_pb2.Consent, _FIELDS)
        wanted = consent_pb2.CreateConsentRequest(**caller, consent=consent)
        return await self._desk.answer(self._peers.consents.CreateConsent, wanted)

    async def list(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        camera = request.query.get("camera", "")
        wanted = consent_pb2.ListConsentsRequest(
            **caller, camera_uid=self._model.uid_of(camera) if camera else "", **read_page(request.query)
        )
        return await self._desk.page(self._peers.consents.ListConsents, wanted, "consents")

    async def read(self, request: web.Request) -> web.Response:
        name = _NAME.format_map(request.match_info)
        wanted = consent_pb2.GetRequest(**await self._desk.caller(request), name=name)
        return await self._desk.answer(self._peers.consents.GetConsent, wanted)

    async def erasures(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListErasuresRequest(
            **await self._desk.caller(request), **read_page(request.query)
        )
        return await self._desk.page(self._peers.consents.ListErasures, wanted, "erasures")
