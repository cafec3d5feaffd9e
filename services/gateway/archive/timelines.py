"""The timeline of a camera: storage's ledger and ingest's spool made one."""

from __future__ import annotations

from services.gateway.archive.recording import from_spool_file
from services.gateway.archive.timeline import Gap, Span, gaps_between, merge
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from snowlight.api.ingest.v1 import camera_pb2, live_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import Clock
from snowlight.errors import DeadlineExceededError, UnavailableError
from snowlight.rpc.status import remote_errors


class Timelines:
    """Tells what can be played, and why the rest cannot."""

    def __init__(self, peers: Peers, clock: Clock) -> None:
        self._peers = peers
        self._clock = clock

    async def of(
        self, camera: camera_pb2.Camera, told: list[tuple[int, int]]
    ) -> tuple[list[Span], list[Gap]]:
        """What there is, up to now, in the parts of the camera's past that may be told, [start, end) in ms.
        Raises UnavailableError while storage is away."""
        now_ms = self._clock.now_ms()
        past = [(start_ms, min(end_ms, now_ms)) for start_ms, end_ms in told if start_ms < now_ms]
        return await self._told(camera, past, now_ms) if past else ([], [])

    async def _told(
        self, camera: camera_pb2.Camera, parts: list[tuple[int, int]], now_ms: int
    ) -> tuple[list[Span], list[Gap]]:
        """What there is in these parts of its past, as if there were nothing beside them."""
        first_ms, last_ms = parts[0][0], parts[-1][1]
        spooled, open_gap = await self._spool(camera.uid, first_ms, last_ms)
        stored, ledger = await self._stored(camera.uid, first_ms, last_ms)
        registered_ms = camera.create_time.ToMilliseconds()  # nothing was missed before
        spans: list[Span] = []
        gaps: list[Gap] = []
        for start_ms, end_ms in parts:
            recorded = merge([*stored, *spooled], start_ms, end_ms)
            from_ms = max(start_ms, min(registered_ms, end_ms)) if registered_ms else start_ms
            gaps += gaps_between(recorded, [*ledger, *open_gap], from_ms, end_ms, now_ms=now_ms)
            spans += recorded
        return spans, gaps

    async def _stored(self, uid: str, start_ms: int, end_ms: int) -> tuple[list[Span], list[Gap]]:
        wanted = storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        with remote_errors(STORAGE):
            answer = await self._peers.storage.GetTimeline(wanted, timeout=CALL_TIMEOUT_S)
        spans = [Span(span.start_ms, span.end_ms) for span in answer.spans]
        return spans, [Gap(gap.start_ms, gap.end_ms or end_ms, gap.cause) for gap in answer.gaps]

    async def _spool(self, uid: str, start_ms: int, end_ms: int) -> tuple[list[Span], list[Gap]]:
        """The spool's footage and the gap that goes on. Both empty while ingest is away."""
        wanted = live_pb2.ListSpoolRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        try:
            answer = await self._peers.workers.list_spool(wanted)
        except (UnavailableError, DeadlineExceededError):
            return [], []
        recordings = [recording for file in answer.files if (recording := from_spool_file(uid, file))]
        spans = [Span(recording.start_ms, recording.end_ms) for recording in recordings]
        if not answer.open_gap_cause:
            return spans, []
        return spans, [Gap(answer.open_gap_start_ms, end_ms, answer.open_gap_cause)]
