"""Consents and grants as the contract tells them."""

from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.consent.model import Alert, Consent, Erasure, Grant, SubjectRequest
from services.auth.consent.notices import Notice, View
from services.auth.messages import to_timestamp
from snowlight.api.auth.v1 import consent_pb2


def consent_message(consent: Consent) -> consent_pb2.Consent:
    """The consent as told to callers."""
    audience, hours = consent.audience, consent.hours
    return consent_pb2.Consent(
        name=consent.name,
        camera_uid=consent.camera_uid,
        owner=consent.owner,
        audience=consent_pb2.Audience(
            principal=audience.principal,
            organisation=audience.organisation,
            line=audience.line,
            region=f"regions/{audience.region}" if audience.region else "",
        ),
        actions=consent.actions,
        hours_from=_clock(hours.from_minute) if hours else "",
        hours_to=_clock(hours.to_minute) if hours else "",
        time_zone=consent.time_zone,
        footage_from=to_timestamp(consent.footage_from_ms),
        create_time=to_timestamp(consent.create_ms),
        end_time=to_timestamp(consent.end_ms),
        paper_reference=consent.paper_reference,
        created_by=consent.created_by,
        state=consent.state,
        withdrawn_by=consent.withdrawn_by,
        withdraw_time=_instant(consent.withdraw_ms),
        erasure=f"erasures/{consent.erasure_id}" if consent.erasure_id else "",
    )


def erasure_message(erasure: Erasure) -> consent_pb2.Erasure:
    """The erasure as told to callers."""
    return consent_pb2.Erasure(
        name=erasure.name,
        camera_uid=erasure.camera_uid,
        consent=f"consents/{erasure.consent_id}",
        owner=erasure.owner,
        until=to_timestamp(erasure.until_ms),
        state=erasure.state,
        held_by=erasure.held_by,
        remaining_objects=erasure.remaining_objects,
        error=erasure.error,
        create_time=to_timestamp(erasure.create_ms),
        due_time=to_timestamp(erasure.due_ms),
        done_time=_instant(erasure.done_ms),
    )


def grant_message(grant: Grant) -> consent_pb2.Grant:
    """The grant as told to callers."""
    return consent_pb2.Grant(
        name=grant.name,
        kind=grant.kind,
        purpose=grant.purpose,
        state=grant.state,
        camera_uids=[camera.uid for camera in grant.cameras],
        actions=grant.actions,
        window_start=_edge(grant.window, 0),
        window_end=_edge(grant.window, 1),
        case_number=grant.case_number,
        reason=grant.reason,
        requester=grant.requester,
        beneficiary=grant.beneficiary,
        duration_s=grant.duration_s,
        create_time=to_timestamp(grant.create_ms),
        start_time=_instant(grant.start_ms),
        end_time=to_timestamp(grant.end_ms),
        decided_by=grant.decided_by,
        decide_time=_instant(grant.decide_ms),
        decision_reason=grant.decision_reason,
        notice_time=_instant(grant.notice_ms),
        notice_deferred_by=grant.notice_deferred_by,
        notice_reason=grant.notice_reason,
        etag=grant.etag,
    )


def alert_message(alert: Alert) -> consent_pb2.Alert:
    """The alert as told to callers."""
    return consent_pb2.Alert(
        name=alert.name,
        grant=alert.grant.name,
        camera_uids=[camera.uid for camera in alert.grant.cameras],
        requester=alert.grant.requester,
        reason=alert.grant.reason,
        create_time=to_timestamp(alert.create_ms),
        acknowledged_by=alert.acknowledged_by,
        acknowledge_time=_instant(alert.acknowledge_ms),
    )


def subject_request_message(request: SubjectRequest) -> consent_pb2.SubjectRequest:
    """The request as told to callers."""
    return consent_pb2.SubjectRequest(
        name=request.name,
        camera_uid=request.camera_uid,
        window_start=to_timestamp(request.window[0]),
        window_end=to_timestamp(request.window[1]),
        applicant_reference=request.applicant_reference,
        identity_checked_by=request.identity_checked_by,
        reason=request.reason,
        recorded_by=request.recorded_by,
        officer=request.officer,
        state=request.state,
        decided_by=request.decided_by,
        decision_reason=request.decision_reason,
        create_time=to_timestamp(request.create_ms),
        decide_time=_instant(request.decide_ms),
        grant=f"grants/{request.grant_id}" if request.grant_id else "",
    )


def view_message(view: View) -> consent_pb2.View:
    """The view as told to the camera's owner."""
    record, grant = view.record, view.grant
    return consent_pb2.View(
        time=to_timestamp(record.time_ms),
        event=record.event,
        action=record.action,
        window_start=None if record.window is None else to_timestamp(record.window[0]),
        window_end=None if record.window is None else to_timestamp(record.window[1]),
        organisation=record.actor.organisation,
        line=record.actor.line,
        unit=record.actor.acting_unit,
        purpose=record.purpose,
        person=view.person,
        watched_s=record.watched_s,
        grant=grant.name if grant else "",
        grant_kind=grant.kind if grant else "",
        grant_reason=grant.reason if grant else "",
    )


def notice_message(notice: Notice) -> consent_pb2.Notice:
    """The notice as told to the camera's owner."""
    grant, somebody = notice.grant, notice.beneficiary
    return consent_pb2.Notice(
        grant=grant.name,
        camera_uid=notice.camera_uid,
        kind=grant.kind,
        purpose=grant.purpose,
        state=grant.state,
        organisation=somebody.organisation if somebody else "",
        line=somebody.line if somebody else "",
        reason=grant.reason,
        actions=grant.actions,
        window_start=_edge(grant.window, 0),
        window_end=_edge(grant.window, 1),
        start_time=_instant(grant.start_ms),
        end_time=to_timestamp(grant.end_ms),
        notice_time=_instant(grant.notice_ms),
    )


def _instant(ms: int | None) -> Timestamp | None:
    return None if ms is None else to_timestamp(ms)


def _edge(window: tuple[int, int], side: int) -> Timestamp | None:
    return None if window == (0, 0) else to_timestamp(window[side])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
