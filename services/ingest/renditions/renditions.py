"""The renditions of this process's cameras: which there are, and their life while somebody watches."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import NamedTuple

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import MediaInfo
from services.ingest.renditions.choice import renditions_of
from services.ingest.renditions.declared import declared
from services.ingest.renditions.metrics import RenditionMetrics
from services.ingest.renditions.running import Running
from services.ingest.renditions.sub import SubStreams
from services.ingest.renditions.transcoded import TranscodedStreams
from services.ingest.service.viewers import Viewer
from services.ingest.status.board import StatusBoard
from snowlight.errors import InvalidArgumentError, NotFoundError, SnowlightError, UnavailableError
from snowlight.media.rendition import MAIN, RENDITIONS, SUB

SUB_DISCONTINUITIES = 500
"""A sub stream's discontinuity sequence number is so far above the main one's when first pulled: each has
a timeline of its own, and players tell them apart by it. Both only grow, over restarts as well."""

log = structlog.get_logger(__name__)


class Offered(NamedTuple):
    """A rendition that may be watched."""

    name: str
    media: MediaInfo | None
    """As it is or was last; None while that is not known."""
    running: bool


class Renditions:
    """Enter `run` in a task; renditions live inside it."""

    def __init__(
        self,
        board: StatusBoard,
        main_ring: Callable[[str], Ring | None],
        sub_streams: SubStreams,
        transcoded: TranscodedStreams,
        metrics: RenditionMetrics,
        *,
        ring_bytes: int,
        linger_s: float,
    ) -> None:
        """`main_ring`: of a camera's uid, what it sends itself. `linger_s`: how long one goes on after
        its last viewer."""
        self._board = board
        self._main_ring = main_ring
        self._sub_streams = sub_streams
        self._transcoded = transcoded
        self._metrics = metrics
        self._ring_bytes = ring_bytes
        self._linger_s = linger_s
        self._subs: dict[str, CameraSpec] = {}
        self._seen: dict[str, MediaInfo] = {}
        """Of sub streams, by camera uid."""
        self._discontinuities: dict[str, int] = {}
        """The same: how many mux sessions there were."""
        self._running: dict[tuple[str, str], Running] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Supervise them until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            await asyncio.get_running_loop().create_future()

    def set_sub(self, uid: str, sub: CameraSpec | None) -> None:
        """The camera's sub stream is this from now on; None: it has none, or is not to be connected to."""
        if sub == self._subs.get(uid):
            return
        self._seen.pop(uid, None)
        if sub is None:
            del self._subs[uid]
        else:
            self._subs[uid] = sub
        running = self._running.get((uid, SUB))
        if running is not None:
            self._end(
                running, UnavailableError("live.rendition_changed", "the camera's sub stream is another")
            )

    def drop(self, uid: str) -> None:
        """The camera is disabled or deleted."""
        self.set_sub(uid, None)
        for running in [each for each in self._running.values() if each.uid == uid]:
            self._end(running, UnavailableError("camera.offline", "the camera is no longer recorded"))
        self._discontinuities.pop(uid, None)

    def offered(self, uid: str) -> Sequence[Offered]:
        """What may be watched of a camera."""
        main = self._main(uid)
        names = renditions_of(main, has_sub=uid in self._subs, transcodes=self._transcoded.are_made)
        return [
            Offered(MAIN, main, main is not None),
            *(
                Offered(name, self._known(uid, name, main), (uid, name) in self._running)
                for name in names[1:]
            ),
        ]

    def learn(self, uid: str) -> None:
        """Pull a sub stream that was never seen for a while, to know what it is."""
        if uid in self._subs and uid not in self._seen and (uid, SUB) not in self._running:
            self._linger(self._start(uid, SUB))

    @contextmanager
    def watched(self, uid: str, name: str, viewer: Viewer) -> Iterator[Running]:
        """The rendition, running while it is watched.

        Raises InvalidArgumentError, NotFoundError, and UnavailableError while it is not known what could be
        made of the camera's pictures.
        """
        self._require(uid, name)
        running = self._running.get((uid, name)) or self._start(uid, name)
        if running.ending is not None:
            running.ending.cancel()
        running.viewers.add(viewer)
        try:
            yield running
        finally:
            running.viewers.discard(viewer)
            if not running.viewers and self._running.get((uid, name)) is running:
                self._linger(running)

    def _require(self, uid: str, name: str) -> None:
        if name not in RENDITIONS:
            raise InvalidArgumentError(
                "request.invalid", f"must be one of {', '.join(RENDITIONS)}", field="rendition"
            )
        if name != SUB and self._transcoded.are_made and self._main(uid) is None:
            raise UnavailableError("live.no_picture", "the camera has no picture")
        if all(offered.name != name for offered in self.offered(uid)):
            raise NotFoundError(
                "live.rendition_unknown", f"this camera has no rendition {name}", field="rendition"
            )

    def _main(self, uid: str) -> MediaInfo | None:
        """What the camera sends now."""
        status = self._board.get(uid)
        return status.media if status is not None else None

    def _known(self, uid: str, name: str, main: MediaInfo | None) -> MediaInfo | None:
        """What a rendition is, or is expected to be."""
        running = self._running.get((uid, name))
        if running is not None and running.media is not None:
            return running.media
        if name == SUB:
            return self._seen.get(uid)
        return declared(name, main) if main is not None else None

    def _start(self, uid: str, name: str) -> Running:
        assert self._tasks is not None, "run() has not been entered"
        discontinuities = self._count(uid) if name == SUB else 0
        running = Running(uid, name, Ring(self._ring_bytes, discontinuities))
        self._running[uid, name] = running
        self._metrics.running.labels(name).inc()
        running.task = self._tasks.create_task(
            self._live(running),
            name=f"{uid} {name}",
            context=Context(),  # for all who watch, not for the first
        )
        return running

    async def _live(self, running: Running) -> None:
        """One rendition's trouble stays its own."""
        try:
            await self._make(running)
        except SnowlightError as error:
            running.fail(error)
        except Exception:
            log.error("rendition.failed", camera=running.uid, rendition=running.name, exc_info=True)
            running.fail(UnavailableError("live.rendition_failed", "internal error"))
        finally:
            self._forget(running)

    async def _make(self, running: Running) -> None:
        uid = running.uid
        if running.name == SUB:
            sub = self._subs[uid]

            def seen(media: MediaInfo) -> None:
                running.media = media
                if self._subs.get(uid) == sub:  # or the sub stream is another by now
                    self._seen[uid] = media

            await self._sub_streams.run(sub, running, seen)
            return
        media, main = self._main(uid), self._main_ring(uid)
        if media is None or main is None:
            raise UnavailableError("live.rendition_away", "the camera has no picture")
        await self._transcoded.run(running, main, media)

    def _count(self, uid: str) -> int:
        """The discontinuity sequence number of the sub stream's last mux session so far."""
        count = self._discontinuities.get(uid)
        if count is not None:
            return count
        main = self._main_ring(uid)
        return (main.numbering.discontinuity_sequence if main is not None else 0) + SUB_DISCONTINUITIES

    def _linger(self, running: Running) -> None:
        """End it after a while, unless somebody comes."""
        loop = asyncio.get_running_loop()
        nobody = UnavailableError("live.rendition_ended", "nobody watched it any more")
        running.ending = loop.call_later(self._linger_s, self._end, running, nobody)

    def _end(self, running: Running, why: SnowlightError) -> None:
        self._forget(running)
        running.fail(why)
        if running.task is not None:
            running.task.cancel()

    def _forget(self, running: Running) -> None:
        if running.ending is not None:
            running.ending.cancel()
        if self._running.get((running.uid, running.name)) is not running:
            return
        del self._running[running.uid, running.name]
        self._metrics.running.labels(running.name).dec()
        if running.name == SUB:
            self._discontinuities[running.uid] = running.ring.numbering.discontinuity_sequence
