"""What is said of calls to the API server that failed, and how long nothing is asked after them."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from snowlight.errors import PermissionDeniedError, SnowlightError

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Failures:
    """What one part says of its calls that failed. That it may not is said once, until it may."""

    def __init__(self, event: str, **told: str) -> None:
        """`event`: of the log, with what else is `told` there."""
        self._event = event
        self._told = told
        self._was_forbidden = False

    def succeeded(self) -> None:
        """A call did not fail."""
        self._was_forbidden = False

    def tell(self, error: SnowlightError, **told: str) -> None:
        """A call failed."""
        forbidden = isinstance(error, PermissionDeniedError)
        if not (forbidden and self._was_forbidden):
            log.warning(self._event, reason=str(error), **self._told, **told)
        self._was_forbidden = forbidden


class Patience:
    """Of one loop that tries again. Its pauses grow from one failure to the next."""

    def __init__(
        self, event: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, **told: str
    ) -> None:
        """`event` and what is `told`: as of `Failures`."""
        self._sleep = sleep
        self._failures = Failures(event, **told)
        self._pause_s = SHORTEST_SECONDS

    def succeeded(self) -> None:
        """The next failure is a first one."""
        self._pause_s = SHORTEST_SECONDS
        self._failures.succeeded()

    async def after(self, error: SnowlightError) -> None:
        """Return when it may be tried again. What the server itself asks for, the client heeds."""
        self._failures.tell(error)
        pause_s = random.uniform(self._pause_s / 2, self._pause_s)  # noqa: S311 - that not all come at once
        self._pause_s = min(2 * self._pause_s, LONGEST_SECONDS)
        await self._sleep(pause_s)
