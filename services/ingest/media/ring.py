"""The live ring: a camera's newest fragments, and whoever watches them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Self, final

from services.ingest.media.live_item import LiveItem, RingEntry, Spooled
from services.ingest.media.numbering import Numbering
from snowlight.errors import ResourceExhaustedError, UnavailableError
from snowlight.media.fragment import Fragment, InitSection

_HARD_CAP_BYTES: Final = 16 << 20
_LEAST_MS: Final = 2000  # a reader may be this late however large the fragments are


class Ring:
    """Starts on a key frame; holds `cap_bytes`, or one GOP if that is more. It outlives sessions.

    Of what lies in the spool as well, only the newest fragment is in memory, and only while somebody waits
    for it: a camera that nobody watches costs no more than the page cache of its file.
    """

    def __init__(self, cap_bytes: int = 1_500_000, discontinuities: int = 0) -> None:
        """`discontinuities`: the discontinuity sequence number of the camera's last session so far."""
        self._cap = cap_bytes
        self._entries: deque[RingEntry] = deque()
        self._begin = 0  # number of the first entry
        self._bytes = 0
        self._duration_ms = 0
        self._init: LiveItem | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self.live = False
        """Fragments are coming."""
        self.numbering = Numbering(discontinuities)
        """Of the fragments, across all sessions of the camera."""

    def start(self, init: InitSection) -> None:
        """The fragments that follow belong to `init`."""
        self._init = LiveItem(init)
        self.live = True

    def append(self, fragment: Fragment, spooled: Spooled | None = None) -> None:
        """Take the next fragment and wake the watchers. `spooled`: where its bytes can be had again."""
        assert self._init is not None
        if self._entries:
            self._entries[-1].item.let_go()
        self._entries.append(RingEntry(self._init, fragment, spooled))
        self._bytes += fragment.size
        self._duration_ms += fragment.duration_ms
        if self._bytes > self._cap:
            self._evict()
        if self._waiting:
            for future in self._waiting:
                if not future.done():
                    future.set_result(None)
            self._waiting.clear()
        elif self._entries:
            self._entries[-1].item.let_go()

    def stop(self) -> None:
        """No picture for now: watchers stay and wait, new ones are refused.

        What is held is taken into memory: there is no telling for how long, and a file that is open takes
        room on the disk even when it is deleted.
        """
        self.live = False
        try:
            for entry in self._entries:
                entry.item.take_back()
        except UnavailableError:
            self._forget()

    @property
    def waiting(self) -> int:
        """Watchers that have taken all there is."""
        return len(self._waiting)

    @property
    def held_bytes(self) -> int:
        """Bytes of the fragments held."""
        return self._bytes

    def subscribe(self, backlog: bool = False) -> AsyncIterator[LiveItem]:
        """The init section, then fragments from the last key frame on (all that is held, with `backlog`).

        A new init section comes before the first fragment it belongs to. Raises, when asked for the next,
        UnavailableError when there is no picture at the start, ResourceExhaustedError when the reader fell
        behind by more than the ring holds.
        """
        return _Subscription(self, backlog)

    def begin(self, backlog: bool) -> int:
        """The number of the entry that a watcher begins with. Raises UnavailableError as told above."""
        if not self.live or not self._entries:
            raise UnavailableError("live.no_picture", "the camera has no picture")
        return self._begin if backlog else self._last_key_frame()

    def entry(self, number: int) -> RingEntry | None:
        """None while it has not come. Raises ResourceExhaustedError when it is held no more."""
        if number < self._begin:
            raise ResourceExhaustedError("live.too_slow", "the reader is further behind than the ring")
        at = number - self._begin
        return self._entries[at] if at < len(self._entries) else None

    async def appended(self) -> None:
        """Return when the next fragment has come."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    def _forget(self) -> None:
        """Hold nothing: readers are told that they are too slow."""
        self._begin += len(self._entries)
        self._entries.clear()
        self._bytes = self._duration_ms = 0

    def _last_key_frame(self) -> int:
        for back, entry in enumerate(reversed(self._entries), 1):
            if entry.independent:
                return self._begin + len(self._entries) - back
        return self._begin

    def _evict(self) -> None:
        """Drop leading GOPs while what remains starts on a key frame and is long enough."""
        while self._bytes > self._cap:
            count = size = length = 0
            for entry in self._entries:
                if count and entry.independent:
                    break
                count += 1
                size += entry.size
                length += entry.duration_ms
            hard = self._bytes > _HARD_CAP_BYTES
            if not hard and (count == len(self._entries) or self._duration_ms - length < _LEAST_MS):
                return
            if count == len(self._entries):
                count = 1  # a GOP beyond the hard cap loses its head
            for _ in range(count):
                entry = self._entries.popleft()
                self._bytes -= entry.size
                self._duration_ms -= entry.duration_ms
            self._begin += count
            if len(self._entries) <= 1:
                return


@final
class _Subscription:
    """One watcher's way through a ring. No generator: those that wait are not compiled."""

    __slots__ = ("_backlog", "_init", "_number", "_ring")

    def __init__(self, ring: Ring, backlog: bool) -> None:
        self._ring = ring
        self._backlog = backlog
        self._number = -1  # of the next entry; not begun
        self._init: LiveItem | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveItem:
        ring = self._ring
        if self._number < 0:
            self._number = ring.begin(self._backlog)
        entry = ring.entry(self._number)
        while entry is None:
            await ring.appended()
            entry = ring.entry(self._number)
        if entry.init is not self._init:
            self._init = entry.init
            return entry.init
        self._number += 1
        return entry.item
