"""Makes what takes processor time, a few at a time, each once for all who ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, ParamSpec, TypeVar

from snowlight.errors import ResourceExhaustedError

Key = TypeVar("Key")
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Workshop(Generic[Key]):
    """Works in threads, so that nobody else waits for it, and keeps so many bytes for whoever asks next."""

    def __init__(
        self, busy_code: str, busy_detail: str, *, at_once: int, most_waiting: int, kept_bytes: int
    ) -> None:
        """`busy_code`, `busy_detail`: the error of who comes when too many wait."""
        self._busy = busy_code, busy_detail
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._kept_bytes = kept_bytes
        self._made: OrderedDict[Key, asyncio.Future[bytes]] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        """Of what is made."""
        self._bytes = 0
        self._waiting = 0

    def __len__(self) -> int:
        """How many pieces of work are here, or under way."""
        return len(self._made)

    async def take(self, key: Key, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What `key` names. If it is not here, `make` makes it, by `work`.

        Raises ResourceExhaustedError when too many wait already, and what `make` raises.
        """
        task = self._made.get(key)
        if task is None:
            if self._waiting >= self._most_waiting:
                raise ResourceExhaustedError(*self._busy, retry_after_s=1)
            self._waiting += 1
            task = self._made[key] = asyncio.ensure_future(make())
            task.add_done_callback(lambda done: self._done(key, done))
        self._made.move_to_end(key)
        return await asyncio.shield(task)

    async def work(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What a function that takes processor time gives, in one of the places."""
        async with self._places:
            return await asyncio.to_thread(function, *args, **kwargs)

    def forget(self, key: Key) -> None:
        """Nobody will ask for it any more."""
        self._made.pop(key, None)
        self._bytes -= self._sizes.pop(key, 0)

    def _done(self, key: Key, task: asyncio.Future[bytes]) -> None:
        self._waiting -= 1
        if self._made.get(key) is not task:  # forgotten meanwhile
            return
        if task.cancelled() or task.exception() is not None:
            del self._made[key]
            return
        self._sizes[key] = len(task.result())
        self._bytes += self._sizes[key]
        for oldest in [one for one in self._made if one in self._sizes]:
            if self._bytes <= self._kept_bytes:
                break
            self.forget(oldest)
