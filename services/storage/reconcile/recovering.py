"""Days that a bucket has objects of and the index has lost: entered by the day's own index object."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from services.storage.catalogue.camera_rebuild import CameraRebuild, parse_key
from services.storage.catalogue.rebuild import Progress
from services.storage.index.repository import Repository
from services.storage.reconcile.rows import CameraDay
from services.storage.stores.objects import Listed, head
from services.storage.stores.prober import StoreProber
from snowlight.bounded import for_each
from snowlight.clock import Clock

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

HEADS_AT_ONCE = 8


class Recovering:
    """Comes before adopting: an index object also tells the hashes that were committed, and what is lost."""

    def __init__(
        self, repository: Repository, stores: "Mapping[str, ObjectStore]", prober: StoreProber, clock: Clock
    ) -> None:
        self._repository = repository
        self._stores = stores
        self._prober = prober
        self._clock = clock

    async def recover(self, of: CameraDay, listed: Mapping[str, Listed]) -> int:
        """Enter what the newest index object of the day tells that can be read, as a rebuild does. Returns of
        how many objects; 0 when there is none, or the index has something of the day by now.

        What it tells and is not `listed` is asked for by a HEAD, and lost only in a store that still is the
        one it was. Raises UnavailableError, FailedPreconditionError when the store is another.
        """
        store = self._stores[of.store]
        progress = Progress(of.store)
        rebuild = CameraRebuild(self._repository, of.store, store, self._clock, progress)
        found = await rebuild.read_day(of.camera_uid, of.day)
        if found is None:
            return 0
        day, generation = found
        sizes = {key: each.size for each in listed.values() if (key := parse_key(each.key)) is not None}
        missed = [each.key for each in day.segments(fragments=False) if sizes.get(each.key) != each.size]
        heads = await for_each(missed, lambda key: head(store, str(key)), at_once=HEADS_AT_ONCE)
        sizes |= {key: each.size for key, each in zip(missed, heads, strict=True) if each is not None}
        if missed:
            await self._prober.check(of.store)
        await rebuild.add_day(day, generation, sizes)
        return progress.objects
