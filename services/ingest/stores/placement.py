"""From a camera's region to its store, as storage told it last."""

from collections.abc import Mapping

import structlog

from snowlight.api.storage.v1 import store_pb2
from snowlight.errors import FailedPreconditionError

log = structlog.get_logger(__name__)

_PREFIX = "regions/"


class Placement:
    """Regions of cameras, and stores of regions. Whatever it does not know goes to the default store."""

    def __init__(self, stores: frozenset[str], default_store: str, regions: Mapping[str, str]) -> None:
        """`stores`: the names of those this process can put into. `regions`: "regions/{code}" by uid."""
        self._stores = stores
        self._default = default_store
        self._regions = dict(regions)
        self._of_region: dict[str, str] = {}
        self._full: frozenset[str] = frozenset()
        self._strange: frozenset[str] = frozenset()

    def place(self, uid: str, region: str) -> None:
        """A camera is in `region` now. One that was deleted stays where it was, for what it left."""
        self._regions[uid] = region

    def learn(self, told: store_pb2.ListStoresResponse) -> None:
        """What storage tells of its stores holds from now on."""
        self._of_region = {entry.region.removeprefix(_PREFIX): entry.store for entry in told.regions}
        if told.default_store in self._stores:
            self._default = told.default_store
        self._full = frozenset(each.name for each in told.stores if each.fill == store_pb2.Store.FULL)
        strange = frozenset(self._of_region.values()) - self._stores
        if strange != self._strange:
            log.error("stores.unknown", stores=sorted(strange), footage_goes_to=self._default)
        self._strange = strange

    def store_of(self, uid: str) -> str:
        """Where a camera's footage goes."""
        return self.store_of_region(self._regions.get(uid, ""))

    def store_of_region(self, region: str) -> str:
        """By the longest code that the region's begins with."""
        code = region.removeprefix(_PREFIX)
        for length in range(len(code), 0, -1):
            store = self._of_region.get(code[:length])
            if store is not None:
                return store if store in self._stores else self._default
        return self._default

    def check_takes_camera(self, region: str, from_region: str = "") -> None:
        """Raises FailedPreconditionError when one more camera of `region` would go to a full store.

        `from_region`: where the camera has been; within one store it adds nothing.
        """
        store = self.store_of_region(region)
        if store in self._full and not (from_region and self.store_of_region(from_region) == store):
            raise FailedPreconditionError(
                "store.full",
                f"store {store} is full, and nothing in it may be dropped: no new camera of {region} is "
                "taken until it has room, or until the region has another store",
                field="region",
            )
