"""gRPC service `access.v1.Grants`: rights that an officer has not by their post, asked for with a reason."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.access.guard import calling_officer
from services.gateway.access.officers import Officer
from services.gateway.access.reading import read_page, told_as
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.consent.calls import auth_errors, caller_fields
from services.gateway.http.idempotency import Attempts
from services.gateway.peers import CALL_TIMEOUT_S, Peers
from snowlight.api.access.v1 import grant_pb2, grant_pb2_grpc
from snowlight.api.auth.v1 import consent_pb2
from snowlight.errors import InvalidArgumentError

_ASKED_FOR = (grant_pb2.Grant.CASE, grant_pb2.Grant.EMERGENCY)
_NAMES = {
    "kind": "grant.kind",
    "cameras": "grant.cameras",
    "actions": "grant.actions",
    "window_start": "grant.window_start_time",
    "window_end": "grant.window_end_time",
    "case_number": "grant.incident",
    "reason": "grant.reason",
    "duration_s": "grant.duration_s",
}


class GrantsService(grant_pb2_grpc.GrantsServicer):
    """Asks auth in the client's name, which is told the officer by its token."""

    def __init__(self, peers: Peers, model: CameraModel, cameras: VisibleCameras, attempts: Attempts) -> None:
        self._peers = peers
        self._model = model
        self._cameras = cameras
        self._attempts = attempts

    async def RequestGrant(  # noqa: N802
        self, request: grant_pb2.RequestGrantRequest, context: Any
    ) -> grant_pb2.Grant:
        officer = _named_officer()
        person = officer.person
        attempt = self._attempts.at_door(request.request_id, person.name, "RequestGrant", request)
        wanted = consent_pb2.CreateGrantRequest(
            **caller_fields(person), **attempt.fields, grant=self._wanted(request.grant, officer)
        )
        with told_as(_NAMES), auth_errors():
            return self._told(await self._peers.consents.CreateGrant(wanted, timeout=CALL_TIMEOUT_S))

    async def GetGrant(  # noqa: N802
        self, request: grant_pb2.GetGrantRequest, context: Any
    ) -> grant_pb2.Grant:
        return self._told(await self._known(_named_officer(), request.name))

    async def ListGrants(  # noqa: N802
        self, request: grant_pb2.ListGrantsRequest, context: Any
    ) -> grant_pb2.ListGrantsResponse:
        caller = caller_fields(_named_officer().person)
        wanted = consent_pb2.ListGrantsRequest(**caller, **read_page(request))
        with auth_errors():
            page = await self._peers.consents.ListGrants(wanted, timeout=CALL_TIMEOUT_S)
        return grant_pb2.ListGrantsResponse(
            grants=map(self._told, page.grants), next_page_token=page.next_page_token
        )

    async def WithdrawGrant(  # noqa: N802
        self, request: grant_pb2.WithdrawGrantRequest, context: Any
    ) -> grant_pb2.Grant:
        officer = _named_officer()
        await self._known(officer, request.name)  # nobody else learns which grants there are
        wanted = consent_pb2.DecideGrantRequest(
            **caller_fields(officer.person), name=request.name, reason=request.reason
        )
        with auth_errors():
            return self._told(await self._peers.consents.WithdrawGrant(wanted, timeout=CALL_TIMEOUT_S))

    async def _known(self, officer: Officer, name: str) -> consent_pb2.Grant:
        """Raises NotFoundError for one that does not concern the client."""
        wanted = consent_pb2.GetRequest(**caller_fields(officer.person), name=name)
        with auth_errors():
            return await self._peers.consents.GetGrant(wanted, timeout=CALL_TIMEOUT_S)

    def _wanted(self, grant: grant_pb2.Grant, officer: Officer) -> consent_pb2.Grant:
        """What auth is asked for. What auth gives a grant itself is not read."""
        if grant.kind not in _ASKED_FOR:
            raise InvalidArgumentError(
                "request.invalid", "grant.kind must be CASE or EMERGENCY", field="grant.kind"
            )
        for at, action in enumerate(grant.actions):
            if action not in grant_pb2.Grant.Action.values()[1:]:
                raise InvalidArgumentError(
                    "request.invalid", "an action must be one of Grant.Action", field=f"grant.actions[{at}]"
                )
        return consent_pb2.Grant(
            kind=grant_pb2.Grant.Kind.Name(grant.kind).lower(),
            camera_uids=map(self._model.uid_of, grant.cameras),
            actions=(grant_pb2.Grant.Action.Name(action).lower() for action in grant.actions),
            window_start=_instant(grant, "window_start_time"),
            window_end=_instant(grant, "window_end_time"),
            case_number=grant.incident or officer.incident,
            reason=grant.reason,
            duration_s=grant.duration_s,
        )

    def _told(self, grant: consent_pb2.Grant) -> grant_pb2.Grant:
        return grant_pb2.Grant(
            name=grant.name,
            kind=grant_pb2.Grant.Kind.Value(grant.kind.upper()),
            state=grant_pb2.Grant.State.Value(grant.state.upper()),
            cameras=map(self._cameras.name_of, grant.camera_uids),
            actions=(grant_pb2.Grant.Action.Value(action.upper()) for action in grant.actions),
            window_start_time=_instant(grant, "window_start"),
            window_end_time=_instant(grant, "window_end"),
            incident=grant.case_number,
            reason=grant.reason,
            duration_s=grant.duration_s,
            create_time=grant.create_time,
            start_time=_instant(grant, "start_time"),
            end_time=_instant(grant, "end_time"),
            decide_time=_instant(grant, "decide_time"),
            decision_reason=grant.decision_reason,
        )


def _named_officer() -> Officer:
    officer = calling_officer()
    officer.require_named()
    return officer


def _instant(grant: grant_pb2.Grant | consent_pb2.Grant, field: str) -> Timestamp | None:
    """None where it is not set."""
    return getattr(grant, field) if grant.HasField(field) else None  # type: ignore[arg-type]
