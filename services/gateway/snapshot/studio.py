"""Makes snapshots a few at a time, each once for all who ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from services.gateway.snapshot.picture import picture
from snowlight.errors import ResourceExhaustedError

Key = tuple[str, int, int]
"""A camera's uid, and which of its pictures: session and part, or the instant."""
Footage = tuple[bytes, bytes, int | None]
"""An init section, fragments, and how long after their start, ms; None: at their end."""

AT_ONCE = 2
MOST_WAITING = 32
KEPT = 64
"""Pictures kept for whoever asks next."""


class Studio:
    """Decodes in threads, so that nobody else waits for it."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._made: OrderedDict[Key, asyncio.Task[bytes]] = OrderedDict()
        self._waiting = 0

    async def take(self, key: Key, footage: Callable[[], Awaitable[Footage]]) -> bytes:
        """The JPEG of `key`, made from `footage` if it is not here yet.

        Raises ResourceExhaustedError when too many wait already, and what `footage` raises.
        """
        if key not in self._made:
            if self._waiting >= MOST_WAITING:
                raise ResourceExhaustedError(
                    "snapshot.busy", "too many snapshots are being made", retry_after_s=1
                )
            self._made[key] = task = asyncio.create_task(self._make(footage))
            task.add_done_callback(lambda done: self._done(key, done))
        self._made.move_to_end(key)
        return await asyncio.shield(self._made[key])

    async def _make(self, footage: Callable[[], Awaitable[Footage]]) -> bytes:
        self._waiting += 1
        try:
            init, fragments, offset_ms = await footage()
            async with self._places:
                return await asyncio.to_thread(picture, init, fragments, offset_ms)
        finally:
            self._waiting -= 1

    def _done(self, key: Key, task: asyncio.Task[bytes]) -> None:
        if task.cancelled() or task.exception() is not None:
            del self._made[key]
        while len(self._made) > KEPT:
            oldest = next(iter(self._made))
            if not self._made[oldest].done():
                return
            del self._made[oldest]
