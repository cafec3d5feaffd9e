"""The bounded way from a camera's thread to the event loop."""

import asyncio
import threading
from collections.abc import Callable

from services.ingest.sources.ending import tell_end

_MAX_BYTES = 8 << 20
_MAX_UNITS = 600


class Handover:
    """Carries calls in order and in batches: one wake of the loop takes all that has gathered.

    When the loop is late the newest units are left out and counted, never gathered without bound.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_loss: Callable[[int], None]) -> None:
        self.ended: asyncio.Future[None] = loop.create_future()
        self.drained = 0  # batches so far: stands still when the camera is silent
        self._loop = loop
        self._on_loss = on_loss
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []
        self._bytes = 0
        self._lost = 0
        self._closed = False

    def put(self, call: Callable[[], None], size: int = 0) -> bool:
        """From the thread: have the loop make `call`. False once nobody listens any more."""
        with self._lock:
            if self._closed:
                return False
            if size and (self._bytes + size > _MAX_BYTES or len(self._calls) >= _MAX_UNITS):
                self._lost += 1
                return True
            idle = not self._calls
            if self._lost:
                lost, self._lost = self._lost, 0
                self._calls.append(lambda: self._on_loss(lost))
            self._calls.append(call)
            self._bytes += size
            return not idle or self._wake(self._drain)

    def finish(self, error: Exception | None) -> None:
        """From the thread, last: how it ended."""
        with self._lock:
            if not self._closed:
                self._wake(lambda: tell_end(self.ended, error))

    def close(self) -> None:
        """From the loop: take nothing more."""
        with self._lock:
            self._closed = True
            self._calls.clear()
        if not self.ended.done():
            self.ended.cancel()

    def _wake(self, callback: Callable[[], None]) -> bool:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:  # the loop was closed meanwhile
            self._closed = True
        return not self._closed

    def _drain(self) -> None:
        with self._lock:
            calls, self._calls = self._calls, []
            self._bytes = 0
        self.drained += 1
        try:
            for call in calls:
                call()
        except Exception as error:  # noqa: BLE001 - a sink's failure belongs to whoever runs the source
            tell_end(self.ended, error)
