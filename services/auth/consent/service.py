"""gRPC service `Consents`. The person is whoever the access token in the request names."""

from dataclasses import dataclass
from typing import Any

from services.auth.consent import messages
from services.auth.consent.alarm import AlertDesk
from services.auth.consent.consents import ConsentDesk
from services.auth.consent.decisions import DecisionDesk
from services.auth.consent.erasures import ErasureDesk
from services.auth.consent.model import GrantState, OpeningKind, RequestState
from services.auth.consent.notices import NoticeDesk
from services.auth.consent.requests import RequestDesk
from services.auth.consent.subjects import SubjectDesk
from services.auth.creations import Creations
from services.auth.validation import (
    check_id,
    check_page_size,
    invalid,
    key_of_page_token,
    page_of,
    page_token,
)
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import consent_pb2, consent_pb2_grpc

_KINDS = (OpeningKind.CASE, OpeningKind.EMERGENCY, OpeningKind.REPAIR)


@dataclass(frozen=True)
class Desks:
    """What the service puts into words."""

    consents: ConsentDesk
    erasures: ErasureDesk
    requests: RequestDesk
    decisions: DecisionDesk
    alerts: AlertDesk
    subjects: SubjectDesk
    notices: NoticeDesk


class ConsentsService(consent_pb2_grpc.ConsentsServicer):
    """Consents, grants, alerts, requests of people who were filmed, notices."""

    def __init__(self, desks: Desks, creations: Creations, verifier: TokenVerifier) -> None:
        self._desks = desks
        self._creations = creations
        self._verifier = verifier

    async def CreateConsent(  # noqa: N802
        self, request: consent_pb2.CreateConsentRequest, context: Any
    ) -> consent_pb2.Consent:
        claims = await self._verifier.access_token(request.access_token)
        address = request.remote_address
        made = await self._creations.once(
            request,
            lambda creation: self._desks.consents.create(claims, address, request.consent, creation),
            lambda name: self._desks.consents.get(claims, address, name),
        )
        return messages.consent_message(made)

    async def RecordConsent(  # noqa: N802
        self, request: consent_pb2.RecordConsentRequest, context: Any
    ) -> consent_pb2.Consent:
        claims = AccessClaims(request.recorded_by)
        return messages.consent_message(await self._desks.consents.create(claims, "", request.consent))

    async def GetConsent(self, request: consent_pb2.GetRequest, context: Any) -> consent_pb2.Consent:  # noqa: N802
        claims = await self._verifier.access_token(request.access_token)
        found = await self._desks.consents.get(claims, request.remote_address, request.name)
        return messages.consent_message(found)

    async def ListConsents(  # noqa: N802
        self, request: consent_pb2.ListConsentsRequest, context: Any
    ) -> consent_pb2.ListConsentsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        uid = check_id(request.camera_uid, "camera_uid") if request.camera_uid else ""
        found = await self._desks.consents.page(claims, request.remote_address, uid, before, size + 1)
        shown, token = page_of(found, size, lambda each: each.consent_id)
        return consent_pb2.ListConsentsResponse(
            consents=map(messages.consent_message, shown), next_page_token=token
        )

    async def ListAllConsents(  # noqa: N802
        self, request: consent_pb2.ListConsentsRequest, context: Any
    ) -> consent_pb2.ListConsentsResponse:
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        uid = check_id(request.camera_uid, "camera_uid") if request.camera_uid else ""
        found = await self._desks.consents.page_of_all(uid, before, size + 1)
        shown, token = page_of(found, size, lambda each: each.consent_id)
        return consent_pb2.ListConsentsResponse(
            consents=map(messages.consent_message, shown), next_page_token=token
        )

    async def RenewConsent(  # noqa: N802
        self, request: consent_pb2.RenewConsentRequest, context: Any
    ) -> consent_pb2.Consent:
        claims = await self._verifier.access_token(request.access_token)
        renewed = await self._desks.consents.renew(claims, request.remote_address, request)
        return messages.consent_message(renewed)

    async def WithdrawConsent(  # noqa: N802
        self, request: consent_pb2.WithdrawConsentRequest, context: Any
    ) -> consent_pb2.Consent:
        claims = await self._verifier.access_token(request.access_token)
        withdrawn = await self._desks.consents.withdraw(claims, request.remote_address, request)
        return messages.consent_message(withdrawn)

    async def ListErasures(  # noqa: N802
        self, request: consent_pb2.ListErasuresRequest, context: Any
    ) -> consent_pb2.ListErasuresResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._desks.erasures.page(claims, request.remote_address, before, size + 1)
        shown, token = page_of(found, size, lambda each: each.erasure_id)
        return consent_pb2.ListErasuresResponse(
            erasures=map(messages.erasure_message, shown), next_page_token=token
        )

    async def CreateGrant(  # noqa: N802
        self, request: consent_pb2.CreateGrantRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        address = request.remote_address
        made = await self._creations.once(
            request,
            lambda creation: self._desks.requests.create(claims, address, request.grant, creation),
            lambda name: self._desks.decisions.get(claims, address, name),
        )
        return messages.grant_message(made)

    async def GetGrant(self, request: consent_pb2.GetRequest, context: Any) -> consent_pb2.Grant:  # noqa: N802
        claims = await self._verifier.access_token(request.access_token)
        found = await self._desks.decisions.get(claims, request.remote_address, request.name)
        return messages.grant_message(found)

    async def ListGrants(  # noqa: N802
        self, request: consent_pb2.ListGrantsRequest, context: Any
    ) -> consent_pb2.ListGrantsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = _read_grants_page(request)
        found = await self._desks.decisions.page(
            claims, request.remote_address, request.kind, request.state, before, size + 1
        )
        shown, token = page_of(found, size, lambda each: each.grant_id)
        return consent_pb2.ListGrantsResponse(
            grants=map(messages.grant_message, shown), next_page_token=token
        )

    async def ListAllGrants(  # noqa: N802
        self, request: consent_pb2.ListGrantsRequest, context: Any
    ) -> consent_pb2.ListGrantsResponse:
        size, before = _read_grants_page(request)
        found = await self._desks.decisions.page_of_all(request.kind, request.state, before, size + 1)
        shown, token = page_of(found, size, lambda each: each.grant_id)
        return consent_pb2.ListGrantsResponse(
            grants=map(messages.grant_message, shown), next_page_token=token
        )

    async def ApproveGrant(  # noqa: N802
        self, request: consent_pb2.ApproveGrantRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        approved = await self._desks.decisions.approve(claims, request.remote_address, request)
        return messages.grant_message(approved)

    async def DenyGrant(  # noqa: N802
        self, request: consent_pb2.DecideGrantRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        denied = await self._desks.decisions.deny(claims, request.remote_address, request)
        return messages.grant_message(denied)

    async def WithdrawGrant(  # noqa: N802
        self, request: consent_pb2.DecideGrantRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        withdrawn = await self._desks.decisions.withdraw(claims, request.remote_address, request)
        return messages.grant_message(withdrawn)

    async def RevokeGrant(  # noqa: N802
        self, request: consent_pb2.DecideGrantRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        revoked = await self._desks.decisions.revoke(claims, request.remote_address, request)
        return messages.grant_message(revoked)

    async def DeferNotice(  # noqa: N802
        self, request: consent_pb2.DeferNoticeRequest, context: Any
    ) -> consent_pb2.Grant:
        claims = await self._verifier.access_token(request.access_token)
        deferred = await self._desks.decisions.defer_notice(claims, request.remote_address, request)
        return messages.grant_message(deferred)

    async def ListAlerts(  # noqa: N802
        self, request: consent_pb2.ListAlertsRequest, context: Any
    ) -> consent_pb2.ListAlertsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._desks.alerts.page(
            claims, request.remote_address, closed=request.all, before=before, limit=size + 1
        )
        shown, token = page_of(found, size, lambda each: each.alert_id)
        return consent_pb2.ListAlertsResponse(
            alerts=map(messages.alert_message, shown), next_page_token=token
        )

    async def AcknowledgeAlert(  # noqa: N802
        self, request: consent_pb2.AcknowledgeAlertRequest, context: Any
    ) -> consent_pb2.Alert:
        claims = await self._verifier.access_token(request.access_token)
        seen_to = await self._desks.alerts.acknowledge(claims, request.remote_address, request.name)
        return messages.alert_message(seen_to)

    async def CreateSubjectRequest(  # noqa: N802
        self, request: consent_pb2.CreateSubjectRequestRequest, context: Any
    ) -> consent_pb2.SubjectRequest:
        claims = await self._verifier.access_token(request.access_token)
        address = request.remote_address
        made = await self._creations.once(
            request,
            lambda creation: self._desks.subjects.create(claims, address, request.subject_request, creation),
            lambda name: self._desks.subjects.get(claims, address, name),
        )
        return messages.subject_request_message(made)

    async def ListSubjectRequests(  # noqa: N802
        self, request: consent_pb2.ListSubjectRequestsRequest, context: Any
    ) -> consent_pb2.ListSubjectRequestsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        _check_one_of(request.state, RequestState, "state")
        found = await self._desks.subjects.page(
            claims, request.remote_address, request.state, before, size + 1
        )
        shown, token = page_of(found, size, lambda each: each.request_id)
        return consent_pb2.ListSubjectRequestsResponse(
            subject_requests=map(messages.subject_request_message, shown), next_page_token=token
        )

    async def DecideSubjectRequest(  # noqa: N802
        self, request: consent_pb2.DecideSubjectRequestRequest, context: Any
    ) -> consent_pb2.SubjectRequest:
        claims = await self._verifier.access_token(request.access_token)
        decided = await self._desks.subjects.decide(claims, request.remote_address, request)
        return messages.subject_request_message(decided)

    async def ListViews(  # noqa: N802
        self, request: consent_pb2.ListViewsRequest, context: Any
    ) -> consent_pb2.ListViewsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise invalid("page_token", "is not one that was given out")
        views, further = await self._desks.notices.views(
            claims,
            request.remote_address,
            check_id(request.camera_uid, "camera_uid"),
            int(before) if before else None,
            size,
        )
        return consent_pb2.ListViewsResponse(
            views=map(messages.view_message, views),
            next_page_token="" if further is None else page_token(str(further)),
        )

    async def ListNotices(  # noqa: N802
        self, request: consent_pb2.ListNoticesRequest, context: Any
    ) -> consent_pb2.ListNoticesResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._desks.notices.notices(claims, request.remote_address, before, size + 1)
        shown, token = page_of(found, size, lambda each: each.key)
        return consent_pb2.ListNoticesResponse(
            notices=map(messages.notice_message, shown), next_page_token=token
        )


def _read_grants_page(request: consent_pb2.ListGrantsRequest) -> tuple[int, str]:
    _check_one_of(request.kind, _KINDS, "kind")
    _check_one_of(request.state, GrantState, "state")
    return check_page_size(request.page_size), key_of_page_token(request.page_token)


def _check_one_of(value: str, choices: Any, field: str) -> None:
    if value and value not in list(choices):
        raise invalid(field, f"must be one of {', '.join(choices)}, or left out")
