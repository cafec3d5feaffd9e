"""A call that a guard has let in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from snowlight.errors import SnowlightError


class GuardedCall:
    """Made in the task that serves the call."""

    def __init__(
        self,
        method: str,
        caller: str | None,
        context: grpc.aio.ServicerContext[Any, Any],
        *,
        streams: bool,
    ) -> None:
        self.method = method
        """ "/package.Service/Method"."""
        self.caller = caller
        """Whom the guard has admitted; None for a method that is open to all."""
        self.context = context
        self.streams = streams
        """It is answered by a stream."""
        self._task = asyncio.current_task()
        self._ended: SnowlightError | None = None

    def end(self, error: SnowlightError) -> bool:
        """Have it fail with `error`, after what is on its way. Whether it had not ended before."""
        if self._ended is not None:
            return False
        self._ended = error
        if self._task is not None:
            self._task.cancel()
        return True

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """The call is served inside. Raises what it is ended with."""
        try:
            yield
        except asyncio.CancelledError:
            if self._ended is None or self._task is None:
                raise
            self._task.uncancel()
            raise self._ended from None
