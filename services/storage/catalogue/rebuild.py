"""The index made again from what lies in the stores."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from services.storage.catalogue.camera_rebuild import CameraRebuild
from services.storage.catalogue.restore import Restore
from services.storage.index.repository import Repository
from services.storage.stores.objects import list_folder
from services.storage.stores.prober import StoreProber
from snowlight.api.storage.v1 import store_pb2
from snowlight.bounded import for_each
from snowlight.clock import Clock

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

CAMERAS_AT_ONCE = 4
PROGRESS_SECONDS = 1.0
MOST_FOREIGN = 100
FOOTAGE, INDEX = "rec/", "idx/"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Progress:
    """How far the rebuild of one store is."""

    store: str
    days: int = 0
    objects: int = 0
    foreign: list[str] = field(default_factory=list)

    def note_foreign(self, key: str) -> None:
        """An object whose name or content could not be understood."""
        if len(self.foreign) < MOST_FOREIGN:
            self.foreign.append(key)


class Rebuild:
    """Adds what is missing and takes nothing away; may run again, and while the cluster works."""

    def __init__(
        self,
        repository: Repository,
        stores: "Mapping[str, ObjectStore]",
        prober: StoreProber,
        restore: Restore,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._stores = stores
        self._prober = prober
        self._restore = restore
        self._clock = clock

    async def run(self, names: Sequence[str]) -> AsyncIterator[store_pb2.RebuildIndexResponse]:
        """Rebuild the index of the stores `names`, telling of progress until the last one is done.

        Raises UnavailableError when the database, the default store, which has the catalogue, or one of
        `names` does not answer, FailedPreconditionError when one is not the store it was.
        """
        for name in names:
            await self._prober.check(name)
        restored = await self._restore.read_back()
        log.info("rebuild.began", stores=list(names))
        for name in names:
            progress = Progress(name)
            running = asyncio.create_task(self._rebuild(name, progress), name=f"rebuild of {name}")
            try:
                while not running.done():
                    await asyncio.wait([running], timeout=PROGRESS_SECONDS)
                    yield store_pb2.RebuildIndexResponse(
                        store=name,
                        days=progress.days,
                        objects=progress.objects,
                        gaps=restored.gaps,
                        holds=restored.holds,
                        foreign=progress.foreign,
                        done=running.done() and running.exception() is None and name == names[-1],
                    )
                running.result()
            finally:
                running.cancel()
                await asyncio.wait([running])
            log.info("rebuild.done", store=name, days=progress.days, objects=progress.objects)

    async def _rebuild(self, name: str, progress: Progress) -> None:
        store = self._stores[name]
        uids: set[str] = set()
        for prefix in (INDEX, FOOTAGE):
            folders, beside = await list_folder(store, prefix)
            uids |= set(folders)
            for each in beside:
                progress.note_foreign(each.key)
        camera = CameraRebuild(self._repository, name, store, self._clock, progress)
        await for_each(sorted(uids), camera.run, at_once=CAMERAS_AT_ONCE)
