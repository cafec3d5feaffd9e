"""Makes pictures a few at a time, each once for all who ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import ParamSpec, TypeVar

from snowlight.errors import ResourceExhaustedError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Studio:
    """Decodes in threads, so that nobody else waits for it. Each kind of picture has its own, so that many of
    one kind do not keep those of another waiting."""

    def __init__(self, *, at_once: int, most_waiting: int, kept: int) -> None:
        """Threads that decode at once, pictures that are being made or wait for it at most, and pictures kept
        for whoever asks next."""
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._kept = kept
        self._made: OrderedDict[Hashable, asyncio.Task[bytes]] = OrderedDict()
        self._waiting = 0

    async def take(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The JPEG of `key`, made by `make` if it is not here yet.

        Raises ResourceExhaustedError when too many wait already, and what `make` raises.
        """
        if key not in self._made:
            if self._waiting >= self._most_waiting:
                raise ResourceExhaustedError(
                    "snapshot.busy", "too many pictures are being made", retry_after_s=1
                )
            self._made[key] = task = asyncio.create_task(self._make(make))
            task.add_done_callback(lambda done: self._done(key, done))
        self._made.move_to_end(key)
        return await asyncio.shield(self._made[key])

    async def develop(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What a function that blocks makes, in one of the places."""
        async with self._places:
            return await asyncio.to_thread(function, *args, **kwargs)

    async def _make(self, make: Callable[[], Awaitable[bytes]]) -> bytes:
        self._waiting += 1
        try:
            return await make()
        finally:
            self._waiting -= 1

    def _done(self, key: Hashable, task: asyncio.Task[bytes]) -> None:
        if task.cancelled() or task.exception() is not None:
            del self._made[key]
        while len(self._made) > self._kept:
            oldest = next(iter(self._made))
            if not self._made[oldest].done():
                return
            del self._made[oldest]
