"""A camera's status, for whom only parts of its past are told: how it is now, and of what was only these."""

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.ingest.v1 import camera_pb2


def keep_told(status: camera_pb2.CameraStatus, parts: list[tuple[int, int]], *, until_ms: int) -> None:
    """Take from `status` the instants outside of these parts, [start, end) in ms.

    `until_ms`: a gap that goes on is told as going on in a part that reaches this far.
    """
    if status.HasField("state_time") and not _is_within(status.state_time, parts):
        status.ClearField("state_time")
    changes = [change for change in status.changes if _is_within(change.time, parts)]
    gaps = [piece for gap in status.gaps for piece in _pieces(gap, parts, until_ms)]
    status.ClearField("changes")
    status.ClearField("gaps")
    status.changes.extend(changes)
    status.gaps.extend(gaps)


def _is_within(instant: Timestamp, parts: list[tuple[int, int]]) -> bool:
    return any(start_ms <= instant.ToMilliseconds() < end_ms for start_ms, end_ms in parts)


def _pieces(
    gap: camera_pb2.CameraGap, parts: list[tuple[int, int]], until_ms: int
) -> list[camera_pb2.CameraGap]:
    """What of the gap lies within the parts, newest first."""
    gap_start_ms = gap.start.ToMilliseconds()
    gap_end_ms = gap.end.ToMilliseconds() if gap.HasField("end") else None
    pieces = []
    for start_ms, end_ms in reversed(parts):
        begin_ms = max(start_ms, gap_start_ms)
        last_ms = end_ms if gap_end_ms is None else min(end_ms, gap_end_ms)
        if begin_ms >= last_ms:
            continue
        piece = camera_pb2.CameraGap(cause=gap.cause)
        piece.start.FromMilliseconds(begin_ms)
        if gap_end_ms is not None or last_ms < until_ms:
            piece.end.FromMilliseconds(last_ms)
        pieces.append(piece)
    return pieces
