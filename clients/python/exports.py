"""Footage taken along."""

import sys
import uuid
from pathlib import Path

from door import keep_on
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import evidence_pb2, evidence_pb2_grpc


def export(
    stub: evidence_pb2_grpc.EvidenceStub, cameras: list[str], path: Path, start: Timestamp, end: Timestamp
) -> None:
    """Have a package made of the cameras' footage of [start, end), follow it, bring it home as a ZIP file."""
    request = evidence_pb2.CreateExportRequest(
        cameras=cameras,
        start_time=start,
        end_time=end,
        reason="example",
        request_id=str(uuid.uuid4()),  # the same at each attempt: a lost answer makes no second export
    )
    newest = evidence_pb2.Export()
    keep_on(lambda: newest.CopyFrom(stub.CreateExport(request)), lambda: 0)
    name = newest.name

    def follow() -> None:
        for told in stub.WatchExport(evidence_pb2.WatchExportRequest(name=name)):
            newest.CopyFrom(told)
            print(f"{name}: {evidence_pb2.Export.State.Name(told.state)} {told.percent} %")

    keep_on(follow, lambda: newest.percent)
    if newest.state != evidence_pb2.Export.SUCCEEDED:
        sys.exit(f"{name} is {evidence_pb2.Export.State.Name(newest.state)}: {newest.error}")
    download(stub, name, path)


def download(stub: evidence_pb2_grpc.EvidenceStub, name: str, path: Path) -> None:
    """Bring the whole package home. Goes on where it was when the connection breaks."""
    size = 0
    with path.open("wb") as file:

        def attempt() -> None:
            nonlocal size
            wanted = evidence_pb2.DownloadExportRequest(name=name, offset=file.tell())
            for told in stub.DownloadExport(wanted):
                size = max(size, told.size)
                file.write(told.data)

        keep_on(attempt, file.tell)
        have = file.tell()
    if have != size:
        sys.exit(f"{name} has {size} bytes, and {have} came")
    print(f"{path}: {size} bytes")
