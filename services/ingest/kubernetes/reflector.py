"""A copy of all objects of one kind in memory, kept right by list and watch."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing

import structlog

from services.ingest.kubernetes.client import KubernetesClient, Manifest
from services.ingest.kubernetes.patience import Patience
from snowlight.errors import ExpiredError, SnowlightError, UnavailableError

PAGE = 500
"""Objects of a list that are asked for at a time."""
RELIST_SECONDS = 0.1
"""Before a list is read again because changes have been forgotten: not at once, should that go on."""
AGAIN_SECONDS = 1.0
"""Before the next watch: something in between may end each as soon as it has begun."""

_AHEAD = "kubernetes.Timeout"
"""The server has not come to a version yet, and never will where its store was restored."""

OnChange = Callable[[str, Manifest | None, Manifest | None], None]
"""Told of a name, the object before and the object now; None where there is none."""

log = structlog.get_logger(__name__)


class Reflector:
    """What changed while nobody watched is told after the next list, by what it has become."""

    def __init__(
        self, client: KubernetesClient, path: str, on_change: OnChange, query: Mapping[str, str] | None = None
    ) -> None:
        """`path`: of all objects of the kind. `query`: selects some of them, by labels or fields."""
        self._client = client
        self._path = path
        self._query = dict(query or {})
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
        patience = Patience("resources.unwatched", resources=self._path)
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch(patience.succeeded)
                await asyncio.sleep(AGAIN_SECONDS)
            except ExpiredError:
                log.info("resources.listed_again", resources=self._path)
                self._version = ""
                await asyncio.sleep(RELIST_SECONDS)
            except SnowlightError as error:
                if not isinstance(error, UnavailableError) or error.code == _AHEAD:
                    self._version = ""
                await patience.after(error)

    async def _list(self) -> None:
        objects: list[Manifest] = []
        query = {**self._query, "limit": str(PAGE)}
        while True:
            page = await self._client.get(self._path, query)
            objects += page.get("items") or ()
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                break
        self._replace(objects)
        self._version = _version(page)
        self.listed.set()

    async def _watch(self, on_begun: Callable[[], None]) -> None:
        changes = self._client.watch(self._path, self._version, self._query, on_begun)
        async with aclosing(changes):
            async for event in changes:
                self._version = event.resource_version
                self._hear(event.kind, event.document)

    def _hear(self, kind: str, manifest: Manifest) -> None:
        if kind == "DELETED":
            self._forget(manifest["metadata"]["name"])
        elif kind in ("ADDED", "MODIFIED"):
            name = manifest["metadata"]["name"]
            before = self._objects.get(name)
            if before is None or _is_newer(manifest, before):
                self._take(name, before, manifest)

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
