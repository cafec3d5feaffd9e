"""The registry's change feed. Its queue is the database: a reader holds one page, however slow it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog

from services.ingest.registry.record import Change
from services.ingest.registry.repository import CameraRepository
from snowlight.errors import UnavailableError

log = structlog.get_logger(__name__)

PAGE = 500
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order of their revisions. `synced` is set once, with the end of the backlog."""

    changes: Sequence[Change]
    synced: int | None = None


class CameraFeed:
    """Tells readers of this process's writes at once, and of other processes' within a second (`run`)."""

    def __init__(self, repository: CameraRepository) -> None:
        self._repository = repository
        self._head = 0
        self._wakes: set[asyncio.Event] = set()
        self._closed = False
        self.reachable = True
        """The database answered when it was last asked."""

    @property
    def head(self) -> int:
        """The newest revision that this process has heard of."""
        return self._head

    def publish(self, revision: int) -> None:
        """The registry has reached `revision`."""
        if revision > self._head:
            self._head = revision
            self._wake_all()

    def close(self) -> None:
        """End every reader: the process stops."""
        self._closed = True
        self._wake_all()

    async def run(self) -> None:
        """Look for what other processes wrote, until cancelled."""
        while True:
            try:
                self.publish(await self._repository.head())
                self.reachable = True
            except UnavailableError as error:
                self.reachable = False
                log.warning("registry.unavailable", reason=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def follow(self, after: int, wake: asyncio.Event | None = None) -> AsyncIterator[Batch]:
        """What changed after revision `after`, and then what changes, until closed.

        Versions that were replaced meanwhile are left out. Whoever sets `wake` gets a batch too, an empty
        one if nothing changed. A revision that was never reached (the database is another) counts as 0.
        """
        wake = wake or asyncio.Event()
        self._wakes.add(wake)
        try:
            head = await self._repository.head()
            cursor = after if after <= head else 0
            synced = False
            while not self._closed:
                wake.clear()
                page = await self._repository.changes_after(cursor, PAGE) if cursor < head else []
                at_end = len(page) < PAGE
                cursor = max(page[-1].revision if page else cursor, head if at_end else 0)
                yield Batch(page, cursor if at_end and not synced else None)
                if at_end:
                    synced = True
                    if self._head <= head and not self._closed:
                        await wake.wait()
                head = max(head, self._head)
        finally:
            self._wakes.discard(wake)

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.set()
