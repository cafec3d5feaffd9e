"""What footage there is of a camera, from storage and from ingest's spool, kept by the camera-hour."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import structlog

from services.gateway.archive.recording import Recording, from_segment, from_spool_file
from services.gateway.peers import CALL_TIMEOUT_S, INGEST, STORAGE, Peers
from snowlight.api.ingest.v1 import live_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import Clock
from snowlight.errors import DeadlineExceededError, UnavailableError
from snowlight.rpc.status import remote_errors

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
GROWING_KEPT_S = 1.0
"""How long an hour is believed that is not over or has files in the spool."""
SETTLED_KEPT_S = 60.0
"""How long any other is: late commits and deletions show after a minute."""
YOUNG_S = 0.3
"""What is known for less long is not asked for again to find a part that it lacks."""
_AT_ONCE = 4
"""Hours of one range that are asked for at the same time."""
LATE_MS = 120_000
"""How long after its end an hour has footage on its way to a store as a matter of course."""


@dataclass(frozen=True, slots=True)
class _Hour:
    recordings: tuple[Recording, ...]
    loaded_at: float
    kept_s: float


class FootageIndex:
    """Recordings by camera and time. Bounded: the hours used longest ago are dropped."""

    def __init__(self, peers: Peers, clock: Clock, *, cached_hours: int) -> None:
        self._peers = peers
        self._clock = clock
        self._cached_hours = cached_hours
        self._hours: OrderedDict[tuple[str, int], _Hour] = OrderedDict()
        self._loading: dict[tuple[str, int], asyncio.Task[_Hour]] = {}

    async def between(
        self, uid: str, start_ms: int, end_ms: int, *, max_age_s: float | None = None
    ) -> list[Recording]:
        """Recordings that overlap [start_ms, end_ms), oldest first. What is known here and older than
        `max_age_s` is asked for again.

        Raises UnavailableError while storage is away: an index with holes would pass for footage lost.
        """
        found: dict[tuple[int, int], Recording] = {}
        end_ms = min(end_ms, self._clock.now_ms() + HOUR_MS)
        first, last = start_ms // HOUR_MS, -(-end_ms // HOUR_MS)
        for hour in range(first, last):
            for ahead in range(hour + 1, min(hour + _AT_ONCE, last)):
                if (uid, ahead) not in self._hours:
                    self._begin(uid, ahead)
            for recording in (await self._hour(uid, hour, max_age_s)).recordings:
                if recording.start_ms < end_ms and recording.end_ms > start_ms:
                    known = found.get((recording.epoch, recording.sequence))
                    if known is None or known.store is None:
                        found[recording.epoch, recording.sequence] = recording
        return sorted(found.values(), key=lambda recording: (recording.start_ms, recording.epoch))

    async def holding(self, uid: str, instant_ms: int, *, max_age_s: float | None = None) -> list[Recording]:
        """The recordings in which `instant_ms` lies, oldest first: two where one begins in another's tail."""
        return await self.between(uid, instant_ms, instant_ms + 1, max_age_s=max_age_s)

    async def _hour(self, uid: str, hour: int, max_age_s: float | None) -> _Hour:
        key = (uid, hour)
        known = self._hours.get(key)
        if known is not None:
            age = self._clock.monotonic() - known.loaded_at
            if age < (known.kept_s if max_age_s is None else max_age_s):
                self._hours.move_to_end(key)
                return known
        return await asyncio.shield(self._begin(uid, hour))

    def _begin(self, uid: str, hour: int) -> asyncio.Task[_Hour]:
        """The load of an hour, which goes on whoever waits for it."""
        key = (uid, hour)
        if key not in self._loading:
            self._loading[key] = task = asyncio.create_task(self._load(uid, hour))
            task.add_done_callback(lambda done: self._loaded(key, done))
        return self._loading[key]

    def _loaded(self, key: tuple[str, int], task: asyncio.Task[_Hour]) -> None:
        del self._loading[key]
        if task.cancelled() or task.exception() is not None:
            return
        self._hours[key] = task.result()
        self._hours.move_to_end(key)
        while len(self._hours) > self._cached_hours:
            self._hours.popitem(last=False)

    async def _load(self, uid: str, hour: int) -> _Hour:
        loaded_at = self._clock.monotonic()
        start_ms, end_ms = hour * HOUR_MS, (hour + 1) * HOUR_MS
        # The spool first: a file that is committed between the two answers is in the second.
        spooled = await self._list_spool(uid, start_ms, end_ms)
        committed = await self._list_segments(uid, start_ms, end_ms)
        known = {(recording.epoch, recording.sequence) for recording in committed}
        fresh = [recording for recording in spooled if (recording.epoch, recording.sequence) not in known]
        settled = not fresh and end_ms + LATE_MS < self._clock.now_ms()
        return _Hour((*committed, *fresh), loaded_at, SETTLED_KEPT_S if settled else GROWING_KEPT_S)

    async def _list_segments(self, uid: str, start_ms: int, end_ms: int) -> list[Recording]:
        request = storage_pb2.ListSegmentsRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        with remote_errors(STORAGE):
            answer = await self._peers.storage.ListSegments(request, timeout=CALL_TIMEOUT_S)
        return [recording for segment in answer.segments if (recording := from_segment(segment))]

    async def _list_spool(self, uid: str, start_ms: int, end_ms: int) -> list[Recording]:
        """Empty while ingest is away: what is in a store can still be played."""
        request = live_pb2.ListSpoolRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        try:
            with remote_errors(INGEST):
                answer = await self._peers.live.ListSpool(request, timeout=CALL_TIMEOUT_S)
        except (UnavailableError, DeadlineExceededError) as error:
            log.warning("gateway.spool_unknown", error=str(error))
            return []
        return [recording for file in answer.files if (recording := from_spool_file(uid, file))]
