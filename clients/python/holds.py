"""Footage kept past its retention, a line each."""

import uuid

from door import keep_on
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import evidence_pb2, evidence_pb2_grpc


def create_hold(
    stub: evidence_pb2_grpc.EvidenceStub,
    camera: str,
    start: Timestamp,
    end: Timestamp,
    reason: str,
    expire: Timestamp | None,
) -> None:
    """Keep the camera's footage of [start, end): until it is released, or `expire`."""
    request = evidence_pb2.CreateHoldRequest(
        camera=camera,
        start_time=start,
        end_time=end,
        reason=reason,
        expire_time=expire,
        request_id=str(uuid.uuid4()),  # the same at each attempt: a lost answer makes no second hold
    )
    keep_on(lambda: _print_hold(stub.CreateHold(request)), lambda: 0)


def release_hold(stub: evidence_pb2_grpc.EvidenceStub, name: str, reason: str) -> None:
    """Let go. That is for another client than the one that created it, unless the cluster allows it."""
    _print_hold(stub.ReleaseHold(evidence_pb2.ReleaseHoldRequest(name=name, reason=reason)))


def print_holds(stub: evidence_pb2_grpc.EvidenceStub, camera: str) -> None:
    """Those in force; of all cameras where none is named."""
    request = evidence_pb2.ListHoldsRequest(camera=camera)
    while True:
        answer = stub.ListHolds(request)
        for hold in answer.holds:
            _print_hold(hold)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def _print_hold(hold: evidence_pb2.Hold) -> None:
    state = "released" if hold.HasField("release_time") else "held"
    window = (hold.start_time.ToJsonString(), hold.end_time.ToJsonString())
    print(hold.name, state, hold.camera, *window, f"{hold.incident}: {hold.reason}", sep="\t")
