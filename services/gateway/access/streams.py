"""Calls that go on until something ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from snowlight.errors import UnavailableError

LOOK_S = 0.5
"""How often the right behind a call is looked at, also while nothing comes or its reader takes nothing."""


class Streams:
    """Those of one door."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def run(
        self,
        writing: Coroutine[Any, Any, None],
        look: Callable[[], Awaitable[None]],
        *,
        look_s: float = LOOK_S,
    ) -> None:
        """Carry out `writing` while `look` does not raise. Raises what either does, and UnavailableError when
        the gateway stops."""
        task = asyncio.create_task(writing)
        self._open.add(task)
        try:
            while not task.done() and not self._is_closed:
                await asyncio.wait([task], timeout=look_s)
                if not task.done():
                    await look()
            if self._is_closed:
                raise UnavailableError("access.stopping", "this gateway stops: call again", retry_after_s=1)
            task.result()
        finally:
            self._open.discard(task)
            task.cancel()
            await asyncio.wait([task])

    def close(self) -> None:
        """The gateway stops: draining would wait for what has no end of its own."""
        self._is_closed = True
        for task in self._open:
            task.cancel()
