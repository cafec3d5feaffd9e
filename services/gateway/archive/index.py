"""What footage there is of a camera, from storage and from ingest's spool, kept by the camera-hour."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import structlog

from services.gateway.archive.recording import Recording, from_segment, from_spool_file
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
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
"""Hours of one range that are asked for by one call: their fragments' tables come to some 0.2 MB, and 3 MB
where each picture is a key frame."""
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
        self._loading: dict[tuple[str, int], asyncio.Task[dict[int, _Hour]]] = {}

    async def between(
        self, uid: str, start_ms: int, end_ms: int, *, max_age_s: float | None = None
    ) -> list[Recording]:
        """Recordings that overlap [start_ms, end_ms), oldest first. What is known here and older than
        `max_age_s` is asked for again.

        Raises UnavailableError while storage is away: an index with holes would pass for footage lost.
        """
        found: dict[tuple[int, int], Recording] = {}
        end_ms = min(end_ms, self._clock.now_ms() + HOUR_MS)
        hours = range(start_ms // HOUR_MS, -(-end_ms // HOUR_MS))
        self._begin_missing(uid, hours, max_age_s)
        for hour in hours:
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
        known = self._known(uid, hour, max_age_s)
        if known is not None:
            return known
        loading = self._loading.get((uid, hour)) or self._begin(uid, range(hour, hour + 1))
        return (await asyncio.shield(loading))[hour]

    def _known(self, uid: str, hour: int, max_age_s: float | None) -> _Hour | None:
        """The hour, while it is believed."""
        key = (uid, hour)
        known = self._hours.get(key)
        if known is None:
            return None
        age_s = self._clock.monotonic() - known.loaded_at
        if age_s >= (known.kept_s if max_age_s is None else max_age_s):
            return None
        self._hours.move_to_end(key)
        return known

    def _begin_missing(self, uid: str, hours: range, max_age_s: float | None) -> None:
        """Ask for what is not known, some hours that follow each other at once."""
        run = range(hours.start, hours.start)
        for hour in hours:
            if self._known(uid, hour, max_age_s) is None and (uid, hour) not in self._loading:
                if hour != run.stop or len(run) == _AT_ONCE:
                    if run:
                        self._begin(uid, run)
                    run = range(hour, hour)
                run = range(run.start, hour + 1)
        if run:
            self._begin(uid, run)

    def _begin(self, uid: str, run: range) -> asyncio.Task[dict[int, _Hour]]:
        """The load of these hours, which goes on whoever waits for it."""
        task = asyncio.create_task(self._load(uid, run))
        for hour in run:
            self._loading[uid, hour] = task
        task.add_done_callback(lambda done: self._loaded(uid, run, done))
        return task

    def _loaded(self, uid: str, run: range, task: asyncio.Task[dict[int, _Hour]]) -> None:
        for hour in run:
            del self._loading[uid, hour]
        if task.cancelled() or task.exception() is not None:
            return
        for hour, loaded in task.result().items():
            self._hours[uid, hour] = loaded
            self._hours.move_to_end((uid, hour))
        while len(self._hours) > self._cached_hours:
            self._hours.popitem(last=False)

    async def _load(self, uid: str, run: range) -> dict[int, _Hour]:
        loaded_at = self._clock.monotonic()
        start_ms, end_ms = run.start * HOUR_MS, run.stop * HOUR_MS
        # The spool first: a file that is committed between the two answers is in the second.
        spooled = await self._list_spool(uid, start_ms, end_ms)
        committed = await self._list_segments(uid, start_ms, end_ms)
        known = {(recording.epoch, recording.sequence) for recording in committed}
        fresh = [recording for recording in spooled if (recording.epoch, recording.sequence) not in known]
        found: dict[int, list[Recording]] = {hour: [] for hour in run}
        for recording in (*committed, *fresh):
            for hour in range(recording.start_ms // HOUR_MS, -(-recording.end_ms // HOUR_MS)):
                if hour in found:
                    found[hour].append(recording)
        now_ms = self._clock.now_ms()
        loaded = {}
        for hour, recordings in found.items():
            is_over = (hour + 1) * HOUR_MS + LATE_MS < now_ms
            settled = is_over and all(recording.store is not None for recording in recordings)
            kept_s = SETTLED_KEPT_S if settled else GROWING_KEPT_S
            loaded[hour] = _Hour(tuple(recordings), loaded_at, kept_s)
        return loaded

    async def _list_segments(self, uid: str, start_ms: int, end_ms: int) -> list[Recording]:
        request = storage_pb2.ListSegmentsRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        with remote_errors(STORAGE):
            answer = await self._peers.storage.ListSegments(request, timeout=CALL_TIMEOUT_S)
        return [recording for segment in answer.segments if (recording := from_segment(segment))]

    async def _list_spool(self, uid: str, start_ms: int, end_ms: int) -> list[Recording]:
        """Empty while ingest is away: what is in a store can still be played."""
        request = live_pb2.ListSpoolRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        try:
            answer = await self._peers.workers.list_spool(request)
        except (UnavailableError, DeadlineExceededError) as error:
            log.warning("gateway.spool_unknown", error=str(error))
            return []
        return [recording for file in answer.files if (recording := from_spool_file(uid, file))]
