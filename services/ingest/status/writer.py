"""Takes the board to the database, once a second for all cameras together."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.shards.own import OwnShards
from services.ingest.status.board import StatusBoard
from services.ingest.status.repository import StatusRepository
from snowlight.errors import UnavailableError

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


class StatusWriter:
    """One for the process."""

    def __init__(
        self,
        board: StatusBoard,
        repository: StatusRepository,
        on_gaps: Callable[[], None],
        own: OwnShards | None = None,
    ) -> None:
        """`on_gaps` is called after gaps were written. `own`: the shards of whose cameras anything is
        written; of all where there is but one worker ever."""
        self._board = board
        self._repository = repository
        self._on_gaps = on_gaps
        self._own = own
        self._lock = asyncio.Lock()

    async def flush(self) -> None:
        """Write what changed, and forget what is of others' cameras by now. Raises UnavailableError; all is
        kept for the next call then."""
        async with self._lock:
            changes, gaps = self._board.take(), self._board.gaps.take()
            discontinuities = self._board.take_discontinuities()
            if not (changes or gaps or discontinuities):
                return
            try:
                if self._own is None:
                    await self._repository.write(changes, gaps, discontinuities)
                else:
                    await self._repository.write_own(self._own, changes, gaps, discontinuities)
            except BaseException:
                self._board.put_back(changes)
                self._board.put_back_discontinuities(discontinuities)
                self._board.gaps.put_back(gaps)
                raise
            if gaps:
                self._on_gaps()

    async def run(self) -> None:
        """Flush each second until cancelled."""
        while True:
            try:
                await self.flush()
            except UnavailableError as error:
                log.warning("status.unwritten", reason=str(error))
            await asyncio.sleep(ROUND_SECONDS)
