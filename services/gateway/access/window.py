"""The window of footage that a call asks for."""

from __future__ import annotations

from typing import Literal

from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.http.instants import FIRST_MS, LAST_MS
from snowlight.api.access.v1 import media_pb2
from snowlight.errors import InvalidArgumentError

_DAY_MS = 86_400_000


Windowed = media_pb2.StreamRecordingRequest | media_pb2.GetTimelineRequest
"""Requests with a window."""


def read_window(request: Windowed, *, longest_ms: int) -> tuple[int, int]:
    """[start, end), ms since 1970 UTC. Raises InvalidArgumentError naming start_time or end_time."""
    start_ms = _required(request, "start_time", request.start_time)
    end_ms = _required(request, "end_time", request.end_time)
    if end_ms <= start_ms:
        raise InvalidArgumentError("request.range", "end_time must be after start_time", field="end_time")
    if end_ms - start_ms > longest_ms:
        longest = "24 hours" if longest_ms == _DAY_MS else f"{longest_ms // _DAY_MS} days"
        raise InvalidArgumentError("request.range", f"the window may be {longest} at most", field="end_time")
    return start_ms, end_ms


def read_time(time: Timestamp, field: str) -> int:
    """ms since 1970 UTC. Raises InvalidArgumentError naming the field for what is no instant."""
    instant_ms = time.seconds * 1000 + time.nanos // 1_000_000
    if not FIRST_MS <= instant_ms <= LAST_MS or not 0 <= time.nanos < 1_000_000_000:
        raise InvalidArgumentError("request.instant", f"{field} must lie in years 1 to 9999", field=field)
    return instant_ms


def _required(request: Windowed, field: Literal["start_time", "end_time"], time: Timestamp) -> int:
    if not request.HasField(field):
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    return read_time(time, field)
