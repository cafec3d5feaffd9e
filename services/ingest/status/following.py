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
        """`name_of`: of a camera by its uid; None where it is not known here yet, or no more. `is_alone`:
        every camera is this worker's."""
        self._board = board
        self._repository = repository
        self._owns = owns
        self._name_of = name_of
        self._is_alone = is_alone
        self._number: int | None = None
        self._unnamed: dict[str, StateChange] = {}

    async def run(self, synced: asyncio.Event) -> None:
        """Until cancelled. `synced`: once all cameras are known."""
        await synced.wait()
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
        waiting, self._unnamed = self._unnamed, {}
        for change in waiting.values():
            self._tell(change)
        if self._number is None:
            changes, self._number = await self._repository.states()
            for change in changes:
                self._tell(change)
        while page := await self._repository.changes_after(self._number, PAGE):
            for number, change in page:
                self._tell(change)
                self._number = number

    def _tell(self, change: StateChange) -> None:
        if self._owns(change.uid):
            return
        name = self._name_of(change.uid)
        if name is not None:
            self._board.mirror(change, name)
        elif len(self._unnamed) < PAGE:  # the registry is a moment behind, or the camera is deleted
            self._unnamed[change.uid] = change
