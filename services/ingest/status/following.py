"""What other workers' cameras do, as the database tells it: each worker can tell of all cameras."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.status.board import StatusBoard
from services.ingest.status.change import StateChange
from services.ingest.status.repository import StatusRepository
from snowlight.errors import UnavailableError

PAGE = 1000
POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class StateFollower:
    """Keeps the board right for cameras that are not this worker's."""

    def __init__(
        self,
        board: StatusBoard,
        repository: StatusRepository,
        owns: Callable[[str], bool],
        name_of: Callable[[str], str | None],
        is_alone: Callable[[], bool],
    ) -> None:
        """`name_of`: of a camera by its uid; None where it is not known here, so that nobody hears of it.
        `is_alone`: every camera is this worker's."""
        self._board = board
        self._repository = repository
        self._owns = owns
        self._name_of = name_of
        self._is_alone = is_alone
        self._number: int | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                if self._is_alone():
                    self._number = None
                else:
                    await self.round()
            except UnavailableError as error:
                log.warning("states.unfollowed", reason=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def round(self) -> None:
        """Catch up. Raises UnavailableError."""
        if self._number is None:
            changes, self._number = await self._repository.states()
            for change in changes:
                self._tell(change)
        while page := await self._repository.changes_after(self._number, PAGE):
            for number, change in page:
                self._tell(change)
                self._number = number

    def _tell(self, change: StateChange) -> None:
        name = self._name_of(change.uid)
        if name is not None and not self._owns(change.uid):
            self._board.mirror(change, name)
