"""gRPC service `access.v1.Audit`: what is on record of the client that calls."""

from __future__ import annotations

from typing import Any

from services.gateway.access.guard import calling_officer
from services.gateway.access.reading import read_instant, read_page, told_as
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from snowlight.api.access.v1 import audit_pb2, audit_pb2_grpc
from snowlight.api.auth.v1 import audit_pb2 as records_pb2
from snowlight.rpc.status import remote_errors

_NAMES = {"start": "start_time", "end": "end_time"}


class AuditService(audit_pb2_grpc.AuditServicer):
    """Auth tells anybody what is on record of themselves, and nothing of others."""

    def __init__(self, peers: Peers, model: CameraModel, cameras: VisibleCameras) -> None:
        self._peers = peers
        self._model = model
        self._cameras = cameras

    async def ListMyAccess(  # noqa: N802
        self, request: audit_pb2.ListMyAccessRequest, context: Any
    ) -> audit_pb2.ListMyAccessResponse:
        wanted = records_pb2.ListOwnAuditRecordsRequest(
            access_token=calling_officer().person.access_token,
            camera_uid=self._model.uid_of(request.camera) if request.camera else "",
            **read_page(request),
        )
        if request.HasField("start_time"):
            wanted.start.FromMilliseconds(read_instant(request, "start_time"))
        if request.HasField("end_time"):
            wanted.end.FromMilliseconds(read_instant(request, "end_time"))
        with told_as(_NAMES), remote_errors(AUTH):
            page = await self._peers.audit.ListOwnAuditRecords(wanted, timeout=CALL_TIMEOUT_S)
        return audit_pb2.ListMyAccessResponse(
            records=map(self._told, page.records), next_page_token=page.next_page_token
        )

    def _told(self, record: records_pb2.AuditRecord) -> audit_pb2.AccessRecord:
        told = audit_pb2.AccessRecord(
            time=record.time,
            event=audit_pb2.AccessRecord.Event.Value(record.event.upper()),
            action=record.action,
            camera=self._cameras.name_of(record.camera_uid) if record.camera_uid else "",
            purpose=record.purpose,
            allowed=record.allowed,
            reason=record.reason,
            officer=record.acting_person,
            unit=record.acting_unit,
            remote_address=record.remote_address,
            watched_s=record.watched_s,
            watched_bytes=record.watched_bytes,
        )
        if record.HasField("window_start"):
            told.window_start_time.CopyFrom(record.window_start)
            told.window_end_time.CopyFrom(record.window_end)
        return told
