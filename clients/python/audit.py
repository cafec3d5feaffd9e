"""What is on record of the client's own officers."""

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import audit_pb2, audit_pb2_grpc


def print_access(
    stub: audit_pb2_grpc.AuditStub, camera: str, start: Timestamp | None, end: Timestamp | None
) -> None:
    """Newest first, a line each; of one camera or of all."""
    request = audit_pb2.ListMyAccessRequest(camera=camera, start_time=start, end_time=end)
    while True:
        answer = stub.ListMyAccess(request)
        for record in answer.records:
            _print_record(record)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def _print_record(record: audit_pb2.AccessRecord) -> None:
    print(
        record.time.ToJsonString(),
        audit_pb2.AccessRecord.Event.Name(record.event),
        record.action,
        record.camera,
        "allowed" if record.allowed else record.reason,
        record.officer,
        record.purpose,
        f"{record.watched_s} s",
        f"{record.watched_bytes} bytes",
        sep="\t",
    )
