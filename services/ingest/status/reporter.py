"""Tells storage of gaps, until it knows all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.ingest.status.gaps import Gap
from services.ingest.status.repository import StatusRepository
from snowlight.errors import SnowlightError

log = structlog.get_logger(__name__)

BATCH = 500
RETRY_SECONDS = 5.0


class GapReporter:
    """Gaps go to storage when they begin and again when they end; storage knows them by camera and start."""

    def __init__(
        self, repository: StatusRepository, tell: Callable[[Sequence[Gap]], Awaitable[None]]
    ) -> None:
        """`tell` raises the tree's errors when storage could not be told."""
        self._repository = repository
        self._tell = tell
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to report."""
        self._wake.set()

    async def record(self, gaps: Sequence[Gap]) -> None:
        """Gaps that are known from their beginning to their end; they are on record when this returns.

        Raises UnavailableError.
        """
        await self._repository.write([], gaps, {})
        self._wake.set()

    async def run(self) -> None:
        """Report until cancelled, beginning with what an earlier run left."""
        while True:
            self._wake.clear()
            try:
                await self.report()
            except SnowlightError as error:
                log.warning("gaps.unreported", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await self._wake.wait()

    async def report(self) -> None:
        """Report all there is. Raises what storage or the database raise."""
        while gaps := await self._repository.unreported_gaps(BATCH):
            await self._tell(gaps)
            await self._repository.mark_reported(gaps)
