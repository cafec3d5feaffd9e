"""One rotation for all tabs that present the same refresh token at once.

A refresh token may be used once; its second use ends the whole session, since it may have been stolen. Two
tabs of one browser share one cookie and may renew in the same moment, which is no theft.
"""

import asyncio
from collections.abc import Awaitable, Callable

from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock

KEPT_S = 5.0

_Answer = auth_pb2.IssueTokenResponse


class Renewals:
    """Rotations under way and those of the last five seconds, by the token's hash."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shared: dict[bytes, tuple[float, asyncio.Task[_Answer]]] = {}

    async def once(self, key: bytes, rotate: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The answer of `rotate`, or that of the call before it with the same key."""
        now = self._clock.monotonic()
        self._forget(now)
        if key not in self._shared:
            self._shared[key] = (now, asyncio.ensure_future(rotate()))
        return await asyncio.shield(self._shared[key][1])

    def _forget(self, now: float) -> None:
        for key, (began, task) in list(self._shared.items()):
            if task.done() and (now - began > KEPT_S or task.cancelled() or task.exception() is not None):
                del self._shared[key]
