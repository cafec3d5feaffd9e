"""A copy of all objects of one kind in memory, kept right by list and watch."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog

from services.ingest.camera_resources.api import Collection, Manifest, ResourceApi
from snowlight.errors import ExpiredError, SnowlightError, UnavailableError

RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 30.0

OnChange = Callable[[str, Manifest | None, Manifest | None], None]
"""Told of a name, the object before and the object now; None where there is none."""

log = structlog.get_logger(__name__)


class Reflector:
    """What changed while nobody watched is told after the next list, by what it has become."""

    def __init__(self, api: ResourceApi, collection: Collection, on_change: OnChange) -> None:
        self._api = api
        self._collection = collection
        self._on_change = on_change
        self._objects: dict[str, Manifest] = {}
        self._version = ""
        self.listed = asyncio.Event()
        """All objects are here."""

    def get(self, name: str) -> Manifest | None:
        return self._objects.get(name)

    def __iter__(self) -> Iterator[Manifest]:
        return iter(list(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def put(self, manifest: Manifest) -> None:
        """An answer to a write, which may be here before the watch tells of it. An older one is left out."""
        name = manifest["metadata"]["name"]
        before = self._objects.get(name)
        if before is None or not _is_newer(manifest, before):
            return  # deleted meanwhile, or known
        self._take(name, before, manifest)

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = RETRY_SECONDS
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                pause_s = RETRY_SECONDS
            except ExpiredError:
                log.info("resources.listed_again", resources=self._collection.path)
                self._version = ""
                await asyncio.sleep(RETRY_SECONDS / 10)
            except SnowlightError as error:
                log.warning("resources.unwatched", resources=self._collection.path, reason=str(error))
                if not isinstance(error, UnavailableError):
                    self._version = ""  # such as one from before the API server's store was restored
                await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - spreads retries
                pause_s = min(pause_s * 2, MOST_RETRY_SECONDS)

    async def _list(self) -> None:
        objects, version = await self._api.list(self._collection)
        self._replace(objects)
        self._version = version
        self.listed.set()

    async def _watch(self) -> None:
        async for event in self._api.watch(self._collection, self._version):
            self._version = _version(event.manifest)
            name = event.manifest["metadata"].get("name", "")
            if event.kind == "DELETED":
                self._forget(name)
            elif event.kind in ("ADDED", "MODIFIED"):
                before = self._objects.get(name)
                if before is None or _is_newer(event.manifest, before):
                    self._take(name, before, event.manifest)

    def _replace(self, objects: Iterable[Manifest]) -> None:
        listed: Mapping[str, Manifest] = {one["metadata"]["name"]: one for one in objects}
        for name in self._objects.keys() - listed.keys():
            self._forget(name)
        for name, manifest in listed.items():
            before = self._objects.get(name)
            if before is None or _version(before) != _version(manifest):
                self._take(name, before, manifest)

    def _take(self, name: str, before: Manifest | None, manifest: Manifest) -> None:
        self._objects[name] = manifest
        self._on_change(name, before, manifest)

    def _forget(self, name: str) -> None:
        before = self._objects.pop(name, None)
        if before is not None:
            self._on_change(name, before, None)


def _is_newer(one: Manifest, other: Manifest) -> bool:
    """By their versions, which count on as long as it is the same object."""
    if one["metadata"]["uid"] != other["metadata"]["uid"]:
        return True
    new, old = _version(one), _version(other)
    return int(new) > int(old) if new.isdigit() and old.isdigit() else new != old


def _version(manifest: Manifest) -> str:
    return str(manifest["metadata"]["resourceVersion"])
