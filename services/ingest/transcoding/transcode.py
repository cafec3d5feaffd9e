"""One camera in one rung: source fragments in, fragments of the rung out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from services.ingest.transcoding.budget import Lease, cores_for
from services.ingest.transcoding.ladder import Picture, Rung
from services.ingest.transcoding.messages import Job, Kind
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.worker import Worker, run_worker
from snowlight.clock import Clock
from snowlight.errors import DataLossError, FailedPreconditionError, SnowlightError, UnavailableError
from snowlight.media.envelope import decode_live, encode_fragment, encode_init
from snowlight.media.fragment import Fragment, InitSection

MOST_WAITING = 8
MOST_WAITING_BYTES = 32 << 20
"""Of fragments that the process has not taken yet: about 4 s."""
_MOST_READY = 16
_WATCH_SECONDS = 0.5
_KILLED = frozenset(("transcode.process_ended", "transcode.stalled"))

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TranscodeParts:
    """What all transcodes of a pool share."""

    metrics: TranscodingMetrics
    clock: Clock
    threads: int
    stall_seconds: float


class _Incoming:
    """What waits for the process: bounded, since who feeds it does not wait."""

    def __init__(self) -> None:
        self._items: deque[InitSection | Fragment | None] = deque()
        self._bytes = self._fragments = 0
        self._closed = False
        self._filled, self._emptied = asyncio.Event(), asyncio.Event()

    @property
    def full(self) -> bool:
        return self._fragments >= MOST_WAITING or self._bytes >= MOST_WAITING_BYTES

    def put(self, item: InitSection | Fragment | None) -> None:
        """None: nothing follows."""
        if self._closed:
            return
        if isinstance(item, Fragment):
            self._fragments += 1
            self._bytes += item.size
        self._items.append(item)
        self._filled.set()

    async def get(self) -> InitSection | Fragment | None:
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        if isinstance(item, Fragment):
            self._fragments -= 1
            self._bytes -= item.size
            self._emptied.set()
        return item

    async def room(self) -> None:
        """Return once it is not full."""
        while self.full:
            self._emptied.clear()
            await self._emptied.wait()

    def close(self) -> None:
        """Nobody takes anything any more: what is put is let go."""
        self._closed = True
        self._items.clear()
        self._bytes = self._fragments = 0
        self._emptied.set()


class Transcode:
    """Made by `TranscodingPool.open`. One reader."""

    def __init__(
        self,
        rung: Rung,
        source: Picture,
        lease: Lease,
        parts: TranscodeParts,
        encoders: tuple[str, ...],
        on_encoder: Callable[[str | None], None],
    ) -> None:
        """`encoders`: to be tried in this order. `on_encoder` hears which one opened; None where the process
        ended, or hung, before it knew."""
        self._encoders = encoders
        self._on_encoder = on_encoder
        self._knows_encoder = False
        self._rung = rung
        self._source = source
        self._lease = lease
        self._parts = parts
        self._incoming = _Incoming()
        self._ready: asyncio.Queue[InitSection | Fragment | None] = asyncio.Queue(_MOST_READY)
        self._ended = False
        self._session: InitSection | None = None
        self._told_session: InitSection | None = None
        self._at_key = False
        self._behind = False
        self._failure: SnowlightError | None = None
        self._untaken = 0
        self._taken_at = 0.0
        self._pid = 0

    @property
    def pid(self) -> int:
        """Of the process; 0 until it runs."""
        return self._pid

    def begin(self, init: InitSection) -> None:
        """A source mux session begins: what is fed from now on belongs to it."""
        self._session = init
        self._at_key = False

    def feed(self, fragment: Fragment) -> None:
        """The session's next fragment. Never blocks: behind by more than about 4 s, fragments are dropped up
        to a key frame, and the first one after them comes out `lossy`."""
        if not self._at_key and not fragment.independent:
            return
        if self._incoming.full:
            if not self._behind:
                log.warning("transcode.behind", rung=self._rung.name, segment=fragment.segment)
            self._parts.metrics.dropped.inc()
            self._at_key, self._behind = False, True
            return
        self._put(fragment)

    async def give(self, fragment: Fragment) -> None:
        """`feed` that waits for room instead, for what is recorded already."""
        if not self._at_key and not fragment.independent:
            return
        await self._incoming.room()
        self._put(fragment)

    def end(self) -> None:
        """Nothing follows: iteration ends once all has come out."""
        self._incoming.put(None)

    async def __aiter__(self) -> AsyncIterator[InitSection | Fragment]:
        """What comes out, an init section before the first fragment of each session.

        Raises ResourceExhaustedError("transcode.no_capacity") when a new session takes more than is left,
        FailedPreconditionError("transcode.too_large"), DataLossError("transcode.undecodable") for footage of
        which nothing can be made, UnavailableError when the process has ended or says nothing any more.
        """
        while not (self._ended and self._ready.empty()):
            item = await self._ready.get()
            if item is not None:
                yield item
        if self._failure is not None:
            raise self._failure

    def _put(self, fragment: Fragment) -> None:
        session = self._session
        if session is None:
            raise ValueError("a fragment before its init section")
        if session is not self._told_session:
            self._told_session = session
            self._incoming.put(session)
        self._at_key = True
        self._incoming.put(replace(fragment, lossy=True) if self._behind else fragment)
        self._behind = False

    async def run(self) -> None:
        """Transcode until cancelled, or until it has failed."""
        job = Job(self._rung, self._encoders, self._parts.threads)
        self._failure = UnavailableError("transcode.broken", "the transcode has broken off")
        try:
            async with run_worker(job) as worker:
                self._pid = worker.pid
                await self._converse(worker)
            self._failure = None
        except* SnowlightError as group:
            self._failure = failure = _first(group)
            if failure.code in _KILLED and not self._knows_encoder:
                self._on_encoder(None)
            self._parts.metrics.failed.labels(failure.code).inc()
            log.warning("transcode.failed", rung=self._rung.name, code=failure.code, reason=failure.detail)
        finally:
            self._ended = True
            self._incoming.close()
            if not self._ready.full():
                self._ready.put_nowait(None)  # who waits looks up

    async def _converse(self, worker: Worker) -> None:
        async with asyncio.TaskGroup() as group:
            others = (group.create_task(self._write(worker)), group.create_task(self._watch()))
            await self._read(worker)
            for task in others:
                task.cancel()

    async def _write(self, worker: Worker) -> None:
        while (item := await self._incoming.get()) is not None:
            if isinstance(item, Fragment):
                message = encode_fragment(item)
            else:
                source = Picture.of(item, self._source.frames_per_second)
                self._lease.change(cores_for(self._rung, source))
                message = encode_init(item)
            if not self._untaken:
                self._taken_at = self._parts.clock.monotonic()
            self._untaken += 1
            with suppress(UnavailableError):  # who reads from it hears why
                await worker.send(Kind.EVENT, message)
        with suppress(UnavailableError):
            await worker.send(Kind.END)

    async def _read(self, worker: Worker) -> None:
        while True:
            kind, data = await worker.receive()
            match kind:
                case Kind.EVENT:
                    await self._ready.put(decode_live(data))
                case Kind.TAKEN:
                    self._untaken -= 1
                    self._taken_at = self._parts.clock.monotonic()
                case Kind.ENCODER:
                    self._knows_encoder = True
                    self._on_encoder(data.decode())
                case Kind.SKIPPED:
                    self._parts.metrics.skipped.inc()
                    log.info("transcode.fragment_skipped", rung=self._rung.name, reason=data.decode())
                case Kind.FAILED:
                    raise _failure(data)
                case Kind.END:
                    return

    async def _watch(self) -> None:
        """Raises UnavailableError("transcode.stalled") once the process says nothing for too long."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            waited = self._parts.clock.monotonic() - self._taken_at
            if self._untaken and not self._ready.full() and waited > self._parts.stall_seconds:
                raise UnavailableError(
                    "transcode.stalled", f"the transcoding process has said nothing for {waited:.0f} s"
                )


def _first(group: BaseExceptionGroup[SnowlightError]) -> SnowlightError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


_FAILURES: dict[str, type[SnowlightError]] = {
    "transcode.undecodable": DataLossError,
    "transcode.too_large": FailedPreconditionError,
}


def _failure(data: bytes) -> SnowlightError:
    """What the process says it failed of; another one may not."""
    code, _, detail = data.decode(errors="replace").partition("\n")
    return _FAILURES.get(code, UnavailableError)(code, detail)
