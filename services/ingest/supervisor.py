"""One session per enabled camera, following the registry. A session that breaks disturbs no other."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Container, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.pace import Pace
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.record import CameraRecord, Tombstone
from services.ingest.site import site_of
from services.ingest.status.board import StatusBoard
from snowlight.clock import Clock
from snowlight.errors import DataLossError, SnowlightError, UnavailableError
from snowlight.shards import shard_of

log = structlog.get_logger(__name__)

FEED_RETRY_SECONDS = 1.0
CRASH_RETRY_SECONDS = (1.0, 60.0)
"""Shortest and longest pause after a session that broke by a fault of ours."""


class Session(Protocol):
    """What the supervisor runs (`services.ingest.session.CameraSession`)."""

    @property
    def recorded_until_ms(self) -> int | None:
        """End of the newest fragment in the spool; None before the first."""

    async def run(self) -> None:
        """Record until cancelled."""


OpenSession = Callable[[CameraSpec, Ring, CameraObserver, Sequence[tuple[int, int]]], Session]
"""The last is what the session may not record over: (start, end), ms since 1970 UTC."""

RecordedWithin = Callable[[str, int, int], Awaitable[Sequence[tuple[int, int]]]]
"""Of a camera's uid within a range in ms: (start, end) of its footage. Raises SnowlightError."""


@dataclass(slots=True, eq=False)
class _Camera:
    uid: str
    shard: int
    name: str
    ring: Ring
    wanted: CameraSpec | None = None
    deleted: bool = False
    ended: asyncio.Event | None = None
    """To be set once nothing is recorded of it any more: another worker is about to have it."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Holds the rings of all cameras and runs their sessions."""

    def __init__(
        self,
        *,
        feed: CameraFeed,
        board: StatusBoard,
        clock: Clock,
        pace: Pace,
        spec_of: Callable[[CameraRecord], CameraSpec],
        new_ring: Callable[[str], Ring],
        open_session: OpenSession,
        recorded: RecordedWithin,
        on_record: Callable[[CameraRecord], None],
        on_dark: Callable[[str], None],
        seen: Container[str],
        owns: Callable[[str], bool] = lambda uid: True,
    ) -> None:
        """`new_ring` gets a camera's uid; `on_dark` that of a camera that was disabled or deleted;
        `on_record` each version of a camera that is registered.

        `recorded`: footage of earlier sessions. `seen`: uids of the cameras of which an earlier run had
        a picture. `owns`: whether a camera, by uid, is this worker's now; `review` asks again.
        """
        self._feed = feed
        self._board = board
        self._clock = clock
        self._pace = pace
        self._spec_of = spec_of
        self._new_ring = new_ring
        self._open_session = open_session
        self._recorded = recorded
        self._on_record = on_record
        self._on_dark = on_dark
        self._seen = seen
        self._owns = owns
        self._cameras: dict[str, _Camera] = {}
        self._revision = 0
        self.synced = asyncio.Event()
        """Set once every registered camera is known here."""

    def ring(self, uid: str) -> Ring | None:
        """The live footage of a camera; None for one that is not registered."""
        camera = self._cameras.get(uid)
        return camera.ring if camera else None

    def cameras_by_shard(self) -> Counter[int]:
        """How many cameras are registered in each shard."""
        return Counter(camera.shard for camera in self._cameras.values())

    def name_of(self, uid: str) -> str | None:
        """The name of a camera that is registered."""
        camera = self._cameras.get(uid)
        return camera.name if camera else None

    @property
    def is_behind(self) -> bool:
        """The registry holds changes that are not applied here yet."""
        return not self.synced.is_set() or self._revision < self._feed.head

    def review(self, shards: Collection[int]) -> None:
        """This worker has taken or lost `shards`: begin or end the sessions of their cameras."""
        for camera in self._cameras.values():
            if camera.shard in shards:
                camera.changed.set()

    async def end(self, shards: Collection[int]) -> None:
        """End the sessions of the cameras of `shards`, which another worker is about to have."""
        ending = [camera for camera in self._cameras.values() if camera.shard in shards]
        ends = []
        for camera in ending:
            camera.ended = asyncio.Event()
            ends.append(camera.ended)
            camera.changed.set()
        for ended in ends:
            await ended.wait()

    async def run(self) -> None:
        """Supervise until cancelled; then every session ends, and its gap begins."""
        async with asyncio.TaskGroup() as keepers:
            while True:
                try:
                    async for batch in self._feed.follow(self._revision):
                        for change in batch.changes:
                            self._apply(change, keepers)
                            self._revision = change.revision
                        if batch.synced is not None:
                            self.synced.set()
                    return  # the feed was closed; the keepers go on until they are cancelled
                except UnavailableError as error:
                    log.warning("registry.unavailable", reason=str(error))
                    await asyncio.sleep(FEED_RETRY_SECONDS)

    def _apply(self, change: CameraRecord | Tombstone, keepers: asyncio.TaskGroup) -> None:
        camera = self._cameras.get(change.uid)
        if isinstance(change, Tombstone):
            if camera is None:
                self._board.remove(change.uid)
            else:
                camera.deleted = True
                camera.changed.set()
            return
        self._on_record(change)
        wanted = self._wanted(change)
        if camera is None:
            ring = self._new_ring(change.uid)
            camera = self._cameras[change.uid] = _Camera(
                change.uid, shard_of(change.uid), change.name, ring, wanted
            )
            if change.uid not in self._seen and self._owns(change.uid):
                self._board.register(change.uid, change.create_time_ms)
            keepers.create_task(self._keep(camera), name=change.name)
        elif camera.wanted != wanted:
            camera.wanted = wanted
            camera.changed.set()

    def _wanted(self, record: CameraRecord) -> CameraSpec | None:
        if not record.enabled:
            return None
        try:
            return self._spec_of(record)
        except DataLossError as error:  # another cluster key: the camera itself will say what is missing
            log.error("camera.credentials_lost", camera=record.name, reason=str(error))
            return CameraSpec(record.uid, record.name, record.source_url)

    async def _keep(self, camera: _Camera) -> None:
        """The life of one camera, from its registration to its deletion."""
        while not camera.deleted:
            camera.changed.clear()
            if not self._owns(camera.uid):
                await self._leave(camera)
            elif camera.ended is not None:
                camera.ended.set()
                await camera.changed.wait()
            elif camera.wanted is None:
                self._board.disable(camera.uid, camera.name)
                self._on_dark(camera.uid)
                await camera.changed.wait()
            else:
                await self._record(camera, camera.wanted)
        del self._cameras[camera.uid]
        if camera.ended is not None:
            camera.ended.set()
        self._board.remove(camera.uid)
        self._on_dark(camera.uid)
        log.info("camera.deleted", camera=camera.name)

    async def _leave(self, camera: _Camera) -> None:
        """The camera is another worker's until something changes."""
        self._board.leave(camera.uid)
        self._on_dark(camera.uid)
        if camera.ended is not None:
            camera.ended.set()
            camera.ended = None
        await camera.changed.wait()
        camera.ring = self._new_ring(camera.uid)  # its numbers have gone on elsewhere

    async def _record(self, camera: _Camera, spec: CameraSpec) -> None:
        """Run sessions of `spec` until something else is wanted."""
        observer = self._board.session(camera.uid, camera.name)
        observer.on_state("connecting", "", self._clock.now_ms())
        shortest, longest = CRASH_RETRY_SECONDS
        pause = shortest
        while not camera.changed.is_set():
            await _until(camera.changed, self._pace.wait(site_of(spec.source_url)))
            if camera.changed.is_set():
                return
            ahead = await self._ahead(camera.uid)
            if camera.changed.is_set():
                return
            session = self._open_session(spec, camera.ring, observer, ahead)
            try:
                await _until(camera.changed, session.run())
            except Exception:
                log.error("session.failed", camera=camera.name, exc_info=True)
                observer.on_state("offline", "camera.session_failed: internal error", self._clock.now_ms())
            finally:
                if self._owns(camera.uid):
                    disabled = camera.changed.is_set() and camera.wanted is None
                    cause = "disabled" if disabled else "ingest_restart"
                    self._board.pause(camera.uid, session.recorded_until_ms, cause)
            if not camera.changed.is_set():
                await _until(camera.changed, asyncio.sleep(pause))
                pause = min(2 * pause, longest)

    async def _ahead(self, uid: str) -> Sequence[tuple[int, int]]:
        """What is recorded of a time that has not come yet, which only a clock that went back explains."""
        gap = self._board.gaps.open_gap(uid)
        now_ms = self._clock.now_ms()
        if gap is None or gap.start_ms <= now_ms:
            return ()
        try:
            ahead = await self._recorded(uid, now_ms, gap.start_ms)
        except SnowlightError as error:  # recording does not wait for storage
            log.warning("camera.ahead_unknown", camera_uid=uid, reason=str(error))
            return ()
        log.warning("camera.recorded_ahead", camera_uid=uid, by_ms=gap.start_ms - now_ms)
        return ahead


async def _until(changed: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends, or cancel it once `changed` is set. Raises what it raises."""
    running = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        running.cancel()
        waiting.cancel()
        await asyncio.wait((running, waiting))
    if not running.cancelled():
        running.result()
