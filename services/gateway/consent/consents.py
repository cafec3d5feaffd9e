"""Consents of owners, and what their withdrawal erases."""

from __future__ import annotations

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


class ConsentRoutes:
    """Owners open and close their cameras."""

    def __init__(self, peers: Peers, desk: Desk) -> None:
        self._peers = peers
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/consents/{consent:[^:/]+}"
        consent = answer_schema(consent_pb2.Consent)
        return (
            Route(
                "POST",
                "/v1/consents",
                self.create,
                "Open a household's camera: by its owner, or with the owner's signed paper.",
                body=body_schema(consent_pb2.Consent, _FIELDS, ("audience", "actions", "end_time")),
                answer=consent,
                errors=(400, 401, 403, 412),
            ),
            Route(
                "GET",
                "/v1/consents",
                self.list,
                "Consents that concern the caller, newest first.",
                parameters=(Parameter("camera", "cameras/{id}: of this one alone."), *PAGE_PARAMETERS),
                answer=page_schema("consents", consent_pb2.Consent),
                errors=(400, 401, 403),
            ),
            Route("GET", one, self.read, "One consent.", answer=consent, errors=(401, 403, 404)),
            Route(
                "POST",
                f"{one}:renew",
                self.renew,
                "Give it another end, a year ahead at most.",
                body=body_schema(consent_pb2.RenewConsentRequest, _RENEWAL, ("end_time",)),
                answer=consent,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "POST",
                f"{one}:withdraw",
                self.withdraw,
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
                answer=page_schema("erasures", consent_pb2.Erasure),
                errors=(400, 401, 403),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        consent = await self._desk.read(request, consent_pb2.Consent, _FIELDS)
        with auth_errors():
            created = await self._peers.consents.CreateConsent(
                consent_pb2.CreateConsentRequest(**caller, consent=consent), timeout=CALL_TIMEOUT_S
            )
        return json_response(self._desk.write(created))

    async def list(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        camera = request.query.get("camera", "")
        wanted = consent_pb2.ListConsentsRequest(
            **caller, camera_uid=self._desk.uid(camera) if camera else "", **read_page(request.query)
        )
        with auth_errors():
            page = await self._peers.consents.ListConsents(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "consents": [self._desk.write(each) for each in page.consents],
                "next_page_token": page.next_page_token,
            }
        )

    async def read(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.GetRequest(**await self._desk.caller(request), name=_name(request))
        with auth_errors():
            return json_response(
                self._desk.write(await self._peers.consents.GetConsent(wanted, timeout=CALL_TIMEOUT_S))
            )

    async def renew(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        wanted = await self._desk.read(request, consent_pb2.RenewConsentRequest, _RENEWAL)
        wanted.MergeFrom(consent_pb2.RenewConsentRequest(**caller, name=_name(request)))
        with auth_errors():
            renewed = await self._peers.consents.RenewConsent(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(renewed))

    async def withdraw(self, request: web.Request) -> web.Response:
        caller = await self._desk.caller(request)
        wanted = await self._desk.read(request, consent_pb2.WithdrawConsentRequest, _WITHDRAWAL)
        wanted.MergeFrom(consent_pb2.WithdrawConsentRequest(**caller, name=_name(request)))
        with auth_errors():
            withdrawn = await self._peers.consents.WithdrawConsent(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(self._desk.write(withdrawn))

    async def erasures(self, request: web.Request) -> web.Response:
        wanted = consent_pb2.ListErasuresRequest(
            **await self._desk.caller(request), **read_page(request.query)
        )
        with auth_errors():
            page = await self._peers.consents.ListErasures(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "erasures": [self._desk.write(each) for each in page.erasures],
                "next_page_token": page.next_page_token,
            }
        )


def _name(request: web.Request) -> str:
    return f"consents/{request.match_info['consent']}"
