"""People who were filmed ask to see it: a record, a decision by a second person, one viewing on record."""

from dataclasses import replace
from typing import Any

from services.auth.camera_model import CameraModel
from services.auth.changes import record_change
from services.auth.consent.checks import (
    MAX_REASON,
    MAX_REFERENCE,
    changed_meanwhile,
    check_duration,
    check_footage_window,
    id_of,
    new_id,
    not_found,
)
from services.auth.consent.model import (
    DAY_MS,
    LONGEST_VIEWING_S,
    Grant,
    GrantCamera,
    GrantState,
    OpeningKind,
    RequestState,
    SubjectRequest,
)
from services.auth.consent.repository import grants, openings, subject_requests
from services.auth.consent.standing import (
    as_grant_camera,
    caller_of,
    find_camera,
    is_officer,
    load_named,
    note_grant,
    overseen,
    reached,
    require_admin,
    require_second_person,
)
from services.auth.creations import ONLY, Creation
from services.auth.decision import Action
from services.auth.model import Role
from services.auth.validation import check_id, check_text, invalid
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import consent_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, InvalidArgumentError, PermissionDeniedError


class SubjectDesk:
    """Takes the requests and their decisions."""

    def __init__(self, database: Database, model: CameraModel, clock: Clock) -> None:
        self._database = database
        self._model = model
        self._clock = clock

    async def create(
        self,
        claims: AccessClaims,
        address: str,
        draft: consent_pb2.SubjectRequest,
        creation: Creation = ONLY,
    ) -> SubjectRequest:
        """Recorded by an officer in whose scope the camera lies."""
        now_ms = self._clock.now_ms()
        uid = check_id(draft.camera_uid, "camera_uid")
        window = check_footage_window(
            draft.window_start if draft.HasField("window_start") else None,
            draft.window_end if draft.HasField("window_end") else None,
            (Action.PLAYBACK,),
            now_ms,
            0,
        )
        if window[1] - window[0] > DAY_MS:
            raise InvalidArgumentError(
                "request.past_maximum", "the window may be 24 hours at most", field="window_end"
            )
        texts: dict[str, Any] = {
            field: check_text(getattr(draft, field), field, max_length=most, required=True)
            for field, most in (
                ("applicant_reference", MAX_REFERENCE),
                ("identity_checked_by", MAX_REFERENCE),
                ("reason", MAX_REASON),
            )
        }
        await self._model.wait_for([uid])
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            request_id = new_id(now_ms)
            await creation.claim(connection, f"subjectRequests/{request_id}", now_ms)
            if not is_officer(caller.principal):
                raise PermissionDeniedError("grant.not_officer", "such requests are recorded by officers")
            camera = await find_camera(connection, uid, "camera_uid")
            if not await reached(connection, caller.principal, [camera], now_ms):
                raise PermissionDeniedError(
                    "grant.outside_scope", "the camera lies outside your regions", field="camera_uid"
                )
            officer = await load_named(connection, draft.officer or caller.name, "officer")
            if not is_officer(officer):
                raise invalid("officer", "must be an officer who may see pictures")
            request = SubjectRequest(
                request_id=request_id,
                camera_uid=uid,
                region=camera.region,
                window=window,
                recorded_by=caller.name,
                officer=officer.name,
                create_ms=now_ms,
                **texts,
            )
            await subject_requests.add(connection, request)
            await record_change(
                connection,
                caller.actor,
                "subject_request.create",
                f"{request.name} recorded for {request.applicant_reference}",
                now_ms,
                camera_uids=[uid],
                window=window,
                purpose=request.reason,
            )
        return request

    async def get(self, claims: AccessClaims, address: str, name: str) -> SubjectRequest:
        """One that the caller has recorded. Raises NotFoundError."""
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            found = await subject_requests.find(connection, id_of(name, "subjectRequests"))
        if found is None or found.recorded_by != caller.name:
            raise not_found("subject_request")
        return found

    async def page(
        self, claims: AccessClaims, address: str, state: str, before: str, limit: int
    ) -> list[SubjectRequest]:
        """Newest first."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            theirs = await overseen(connection, caller.principal, now_ms, Role.ADMIN, Role.AUDITOR)
            return await subject_requests.page(
                connection, caller.name, theirs, state=state, before=before, limit=limit
            )

    async def decide(
        self, claims: AccessClaims, address: str, message: consent_pb2.DecideSubjectRequestRequest
    ) -> SubjectRequest:
        """Grant or refuse. Raises PermissionDeniedError unless a second person may, AbortedError when another
        was first.
        """
        now_ms = self._clock.now_ms()
        if message.decision not in (RequestState.GRANTED, RequestState.REFUSED):
            raise invalid("decision", "must be granted or refused")
        decision = RequestState(message.decision)
        reason = check_text(message.reason, "reason", max_length=MAX_REASON, required=True)
        duration_s = check_duration(message.duration_s, LONGEST_VIEWING_S, LONGEST_VIEWING_S)
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            request = await subject_requests.find(connection, id_of(message.name, "subjectRequests"))
            if request is None:
                raise not_found("subject_request")
            place = GrantCamera(request.camera_uid, request.region, "")
            await require_admin(connection, caller.principal, [place], now_ms)
            await require_second_person(connection, caller.principal, (request.recorded_by, request.officer))
            if request.state is not RequestState.REQUESTED:
                raise AbortedError("subject_request.decided", f"it is {request.state}", field="name")
            decided = replace(
                request, state=decision, decided_by=caller.name, decide_ms=now_ms, decision_reason=reason
            )
            if decision is RequestState.GRANTED:
                decided = replace(decided, grant_id=new_id(now_ms))
            if not await subject_requests.decide(
                connection,
                request.request_id,
                state=str(decision),
                decided_by=caller.name,
                decide_ms=now_ms,
                decision_reason=reason,
                grant_id=decided.grant_id,
            ):
                raise changed_meanwhile("subject_request")
            await record_change(
                connection,
                caller.actor,
                "subject_request.decide",
                f"{request.name} {decision}",
                now_ms,
                camera_uids=[request.camera_uid],
                window=request.window,
                purpose=reason,
            )
            if decision is RequestState.GRANTED:
                camera = await find_camera(connection, request.camera_uid, "name")
                grant = Grant(
                    grant_id=decided.grant_id,
                    kind=OpeningKind.CASE,
                    purpose="data_subject",
                    state=GrantState.APPROVED,
                    cameras=(as_grant_camera(camera),),
                    actions=(str(Action.PLAYBACK),),
                    window=request.window,
                    case_number=request.name,
                    reason=request.reason,
                    requester=request.recorded_by,
                    beneficiary=request.officer,
                    duration_s=duration_s,
                    create_ms=now_ms,
                    start_ms=now_ms,
                    end_ms=now_ms + duration_s * 1000,
                    decided_by=caller.name,
                    decide_ms=now_ms,
                    decision_reason=reason,
                    notice_ms=now_ms,
                )
                await grants.add(connection, grant)
                await openings.add(connection, grant.openings())
                await note_grant(connection, caller.actor, now_ms, "grant.approve", grant, "approved")
        return decided
