"""Watched cameras: one stream from ingest for each, however many people look."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

import structlog

from services.gateway.live.window import LiveWindow
from services.gateway.metrics import GatewayMetrics
from services.gateway.peers import Peers
from snowlight.access.revocations import Revocations
from snowlight.api.ingest.v1 import live_pb2
from snowlight.clock import Clock
from snowlight.errors import SnowlightError
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import InitSection
from snowlight.media.rendition import MAIN, RENDITIONS

log = structlog.get_logger(__name__)

TOO_SLOW = "live.too_slow"
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 4.0
STALE_S = 10.0
"""How long a playlist is served after its last segment became whole. No segment is that long."""
PAUSE_S = 0.1
"""Without a fragment for so long, what comes next is live: fragments are half a second apart."""
WOKEN_AT_ONCE = 200
VIEWER_S = 15.0
"""A ticket that asked within this time counts as a viewer."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that is made already."""

    head: bytes
    """Of its header, what is the same for all who ask."""
    body: bytes | memoryview
    media: tuple[int, int] | None
    """Of a segment its number, of a part its start; and its duration, ms."""
    count: Callable[[], None]
    """Counts a request of this kind."""


class Waiting(Protocol):
    """Somebody who waits for something of a window."""

    def is_over(self) -> bool:
        """Whether it is there, or will never be."""

    def wake(self) -> None:
        """Go on."""


class LiveHub:
    """One watched rendition of a camera."""

    def __init__(self, uid: str, clock: Clock, revocations: Revocations, rendition: str = MAIN) -> None:
        self.uid = uid
        self.rendition = rendition
        self._revocations = revocations
        self.window = LiveWindow()
        self.failure: SnowlightError | None = None
        """Why the last attempt to watch ended; None while pictures come."""
        self._clock = clock
        self._completed_at = float("-inf")
        """When a fragment last completed a segment."""
        self._fragments = 0
        self._used_at = clock.monotonic()
        self._viewers: dict[str, float] = {}
        self._news = asyncio.Event()
        self._awaited = 0
        """How many wait for it."""
        self.listeners: set[asyncio.Event] = set()
        """Set at each piece of news, for those who wait for several hubs at once."""
        self.waiting: set[Waiting] = set()
        """Told of news by being woken, without a task each."""
        self._caught_up = False
        self._made: dict[str, bytes] = {}
        self.ready: dict[tuple[bytes, bool], Ready] = {}
        """Whole answers by name, silent or not, until the next fragment comes."""

    @property
    def fresh(self) -> bool:
        """There are segments, and they are of now: one became whole just now, and what has come since does
        not leave it far behind."""
        return (
            self._clock.monotonic() - self._completed_at < STALE_S
            and self.window.behind_ms < STALE_S * 1000
            and bool(self.window.listed())
        )

    def used_by(self, ticket_id: str) -> None:
        """Somebody asked for the camera just now."""
        self._used_at = self._viewers[ticket_id] = self._clock.monotonic()

    def idle_s(self) -> float:
        """Seconds since anybody asked; 0 while somebody waits for news."""
        return 0.0 if self.waiting or self._awaited else self._clock.monotonic() - self._used_at

    def viewers(self) -> int:
        """How many tickets asked lately."""
        since = self._clock.monotonic() - VIEWER_S
        self._viewers = {ticket: at for ticket, at in self._viewers.items() if at >= since}
        return len(self._viewers)

    def playlist(self, name: str, make: Callable[[LiveWindow], str]) -> bytes:
        """What `make` makes of the window as it is now: once, however many ask for it."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = make(self.window).encode()
        return made

    async def news(self) -> None:
        """Wait for the next fragment or failure."""
        self._awaited += 1
        try:
            await self._news.wait()
        finally:
            self._awaited -= 1

    @property
    def is_up(self) -> bool:
        """It is fresh, and ingest has sent all its ring holds."""
        return self._caught_up and self.fresh

    async def shows_now(self) -> bool:
        """Whether it is fresh, once ingest has sent all its ring holds: the end of that may be much newer."""
        if self.fresh:
            await self._caught_up_with_ring()
        return self.fresh

    async def _caught_up_with_ring(self) -> None:
        """The ring comes without a pause: a first playlist of one old segment would start its player seconds
        behind."""
        while not self._caught_up:
            try:
                async with asyncio.timeout(PAUSE_S):
                    await self.news()
            except TimeoutError:
                self._caught_up = True

    async def watch(self, peers: Peers) -> None:
        """Keep the window filled until cancelled, through lost streams and absent cameras."""
        delay = FIRST_DELAY_S
        while True:
            fragments_before = self._fragments
            try:
                await self._watch_once(peers)
            except SnowlightError as error:
                self.failure = error
                log.debug("gateway.live_broken", camera=self.uid, rendition=self.rendition, error=str(error))
                if error.code == TOO_SLOW:  # all is still there to be had
                    delay = 0.0
            except ValueError as error:
                self.failure = SnowlightError("ingest.malformed", str(error))
                log.error("gateway.live_malformed", camera=self.uid, error=str(error))
            self.window.cut()
            self._tell()
            if self._fragments > fragments_before:
                delay = min(delay, FIRST_DELAY_S)
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads reconnects
            delay = min(max(delay * 2, FIRST_DELAY_S), LONGEST_DELAY_S)

    async def _watch_once(self, peers: Peers) -> None:
        request = live_pb2.WatchLiveRequest(
            camera_uid=self.uid,
            backlog=True,
            revocation_sequence=self._revocations.sequence,
            rendition=self.rendition,
        )
        async for message in peers.workers.watch_live(request):
            event = decode_live(message)
            if isinstance(event, InitSection):
                self.window.add_init(event)  # a segment that it closes is of the session before
            else:
                if self.window.add_fragment(event):
                    self._completed_at = self._clock.monotonic()
                self._fragments += 1
                self.failure = None
            self._tell()

    def _wake(self, waiting: list[Waiting]) -> None:
        """Wakes those whose time has come, some at a time: there may be thousands."""
        for each in waiting[:WOKEN_AT_ONCE]:
            if each in self.waiting and each.is_over():
                self.waiting.discard(each)
                each.wake()
        if rest := waiting[WOKEN_AT_ONCE:]:
            asyncio.get_running_loop().call_soon(self._wake, rest)

    def _tell(self) -> None:
        self._made.clear()
        self.ready.clear()
        self._wake(list(self.waiting))
        for listener in self.listeners:
            listener.set()
        self._news.set()
        self._news = asyncio.Event()


class LiveHubs:
    """The hubs of this gateway: opened by the first request, closed some time after the last.

    Enter `run` in a task; hubs live inside it.
    """

    def __init__(
        self, peers: Peers, clock: Clock, revocations: Revocations, metrics: GatewayMetrics, *, idle_s: float
    ) -> None:
        self._peers = peers
        self._revocations = revocations
        self._clock = clock
        self._metrics = metrics
        self._idle_s = idle_s
        self._hubs: dict[tuple[str, str], tuple[LiveHub, asyncio.Task[None]]] = {}
        """By camera and rendition."""
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Supervise the hubs until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                await asyncio.sleep(min(self._idle_s / 4, 5.0))
                for key, (hub, task) in list(self._hubs.items()):
                    if hub.idle_s() > self._idle_s:
                        task.cancel()
                        del self._hubs[key]
                self._measure()

    def opened(self, uid: str, ticket_id: str, rendition: str = MAIN) -> LiveHub | None:
        """The hub of a camera's rendition, if there is one, in use by `ticket_id` from now on."""
        known = self._hubs.get((uid, rendition))
        if known is None:
            return None
        known[0].used_by(ticket_id)
        return known[0]

    def open(self, uid: str, ticket_id: str, rendition: str = MAIN) -> LiveHub:
        """The hub of a camera's rendition, in use by `ticket_id` from now on."""
        key = uid, rendition
        if key not in self._hubs:
            assert self._tasks is not None, "run() has not been entered"
            hub = LiveHub(uid, self._clock, self._revocations, rendition)
            work = self._supervise(hub)
            # It goes on after the request that needs it first, and is no work of that one's.
            self._hubs[key] = (hub, self._tasks.create_task(work, context=Context()))
            self._measure()
        hub = self._hubs[key][0]
        hub.used_by(ticket_id)
        return hub

    def shown(self, uid: str) -> list[LiveHub]:
        """The renditions of a camera that have pictures now, the main one first."""
        hubs = [self._hubs[uid, name][0] for name in RENDITIONS if (uid, name) in self._hubs]
        return [hub for hub in hubs if hub.is_up]

    async def _supervise(self, hub: LiveHub) -> None:
        """One camera's trouble stays its own."""
        try:
            await hub.watch(self._peers)
        except Exception:
            log.error("gateway.live_failed", camera=hub.uid, exc_info=True)
            self._hubs.pop((hub.uid, hub.rendition), None)

    def _measure(self) -> None:
        self._metrics.live_hubs.set(len(self._hubs))
        self._metrics.live_viewers.set(sum(hub.viewers() for hub, _ in self._hubs.values()))
