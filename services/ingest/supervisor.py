"""One session per enabled camera, following the registry. A session that breaks disturbs no other."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Container, Coroutine, Sequence
from typing import Any

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.pace import Pace
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.record import CameraRecord, Tombstone
from services.ingest.shards.hand_over import HandOver
from services.ingest.site import site_of
from services.ingest.status.board import StatusBoard
from services.ingest.supervised import OpenSession, OpenStandby, RecordedWithin, Session, SupervisedCamera
from snowlight.clock import Clock
from snowlight.errors import DataLossError, SnowlightError, UnavailableError
from snowlight.shards import shard_of

log = structlog.get_logger(__name__)

FEED_RETRY_SECONDS = 1.0
CRASH_RETRY_SECONDS = (1.0, 60.0)
"""Shortest and longest pause after a session that broke by a fault of ours."""


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
        open_standby: OpenStandby,
        recorded: RecordedWithin,
        on_record: Callable[[CameraRecord], None],
        on_dark: Callable[[str], None],
        seen: Container[str],
        owns: Callable[[int], bool] = lambda shard: True,
    ) -> None:
        """`new_ring` gets a camera's uid; `on_dark` that of a camera that was disabled or deleted;
        `on_record` each version of a camera that is registered.

        `recorded`: footage of earlier sessions. `seen`: uids of the cameras of which an earlier run had
        a picture. `owns`: whether a shard's cameras are this worker's now; `review` asks again.
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
        self._cameras: dict[str, SupervisedCamera] = {}
        self._revision = 0
        self.synced = asyncio.Event()
        """Set once every registered camera is known here."""
        self.hand_over = HandOver(self._cameras, owns, open_standby)

    def ring(self, uid: str) -> Ring | None:
        """The live footage of a camera; None for one that is not registered."""
        camera = self._cameras.get(uid)
        return camera.ring if camera else None

    def cameras_by_shard(self) -> Counter[int] | None:
        """How many cameras are registered in each shard; None before all are known here."""
        if not self.synced.is_set():
            return None
        return Counter(camera.shard for camera in self._cameras.values())

    def enabled(self) -> int:
        """How many cameras are registered and switched on, whoever has them."""
        return sum(camera.wanted is not None for camera in self._cameras.values())

    def enabled_in(self, shards: Container[int]) -> int:
        """How many of them are of `shards`."""
        return sum(camera.wanted is not None and camera.shard in shards for camera in self._cameras.values())

    @property
    def revision(self) -> int:
        """Of the registry: what it had by then is known here."""
        return self._revision

    def uids_in(self, shards: Container[int]) -> list[str]:
        """Of the cameras of `shards` that are known here, those that are just deleted included."""
        return [camera.uid for camera in self._cameras.values() if camera.shard in shards]

    def name_of(self, uid: str) -> str | None:
        """The name of a camera that is registered."""
        camera = self._cameras.get(uid)
        return camera.name if camera else None

    @property
    def is_behind(self) -> bool:
        """The registry holds changes that are not applied here yet."""
        return not self.synced.is_set() or self._revision < self._feed.head

    def review(self, shards: Collection[int]) -> None:
        """This worker has taken or given `shards`: begin or end the sessions of their cameras."""
        for camera in self._cameras.values():
            if camera.shard in shards:
                camera.changed.set()

    def lose(self, shards: Collection[int]) -> None:
        """Another worker has taken `shards`: end the sessions, and tell nothing more that is not told yet."""
        for camera in self._cameras.values():
            if camera.shard in shards:
                self._board.leave(camera.uid)
        self.review(shards)

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
            camera = self._cameras[change.uid] = SupervisedCamera(
                change.uid, shard_of(change.uid), change.name, ring, wanted
            )
            if change.uid not in self._seen and self._owns(camera.shard):
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

    async def _keep(self, camera: SupervisedCamera) -> None:
        """The life of one camera, from its registration to its deletion."""
        try:
            while not camera.deleted:
                camera.changed.clear()
                await self._go_on(camera)
        finally:
            await camera.drop_standby()
        del self._cameras[camera.uid]
        if camera.ended is not None:
            camera.ended.set()
        self._board.remove(camera.uid)
        self._on_dark(camera.uid)
        log.info("camera.deleted", camera=camera.name)

    async def _go_on(self, camera: SupervisedCamera) -> None:
        """Do what is to be done with the camera until something changes."""
        if not self._owns(camera.shard):
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

    async def _leave(self, camera: SupervisedCamera) -> None:
        """The camera is another worker's until something changes."""
        self._board.leave(camera.uid)
        self._on_dark(camera.uid)
        if camera.ended is not None:
            camera.ended.set()
            camera.ended = None
        standby = camera.standby
        if standby is not None:
            if not self.hand_over.comes(camera) or standby.camera != camera.wanted:
                await camera.drop_standby()
            elif not standby.begun:
                await _until(camera.changed, self._pace.wait(site_of(standby.camera.source_url)))
                if not camera.changed.is_set():
                    standby.begin()
        await camera.changed.wait()
        camera.ring = self._new_ring(camera.uid)  # its numbers have gone on elsewhere

    async def _record(self, camera: SupervisedCamera, spec: CameraSpec) -> None:
        """Run sessions of `spec` until something else is wanted."""
        observer = self._board.session(camera.uid, camera.name)
        observer.on_state("connecting", "", self._clock.now_ms())
        shortest, longest = CRASH_RETRY_SECONDS
        pause = shortest
        session = await self._take_over(camera, spec, observer)
        while not camera.changed.is_set():
            if session is None:
                await _until(camera.changed, self._pace.wait(site_of(spec.source_url)))
                if camera.changed.is_set():
                    return
                ahead = await self._ahead(camera.uid)
                if camera.changed.is_set():
                    return
                session = self._open_session(spec, camera.ring, observer, ahead, None)
            camera.session = session
            try:
                await _until(camera.changed, session.run())
            except Exception:
                log.error("session.failed", camera=camera.name, exc_info=True)
                observer.on_state("offline", "camera.session_failed: internal error", self._clock.now_ms())
            finally:
                if self._owns(camera.shard):
                    disabled = camera.changed.is_set() and camera.wanted is None
                    cause = "disabled" if disabled else "ingest_restart"
                    self._board.pause(camera.uid, session.recorded_until_ms, cause)
                camera.session = session = None
                await camera.drop_standby()
            if not camera.changed.is_set():
                await _until(camera.changed, asyncio.sleep(pause))
                pause = min(2 * pause, longest)

    async def _take_over(
        self, camera: SupervisedCamera, spec: CameraSpec, observer: CameraObserver
    ) -> Session | None:
        """The session that begins with what is held, where the worker before ended; None if nothing is."""
        standby = camera.standby
        gap = self._board.gaps.open_gap(camera.uid)
        if standby is None or standby.camera != spec or not standby.has_pictures or gap is None:
            await camera.drop_standby()
            return None
        ending = self.hand_over.ending_of(camera, gap)
        recorded = [(0, ending.end_ms)]
        return self._open_session(spec, camera.ring, observer, recorded, standby.following(ending))

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
