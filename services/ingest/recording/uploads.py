"""The uploaders of all stores, and which of them a file goes to. A store that is away holds up no other."""

import asyncio
from collections.abc import Callable, Mapping

from services.ingest.recording.spool import Spool
from services.ingest.recording.uploader import Uploader


class Uploads:
    """A file's store is that of its camera's region at the time of its upload; the spool remembers none."""

    def __init__(
        self, spool: Spool, uploaders: Mapping[str, Uploader], store_of: Callable[[str], str]
    ) -> None:
        """`uploaders` by the name of their store; `store_of` names one of them, by a camera's uid."""
        self._spool = spool
        self._uploaders = uploaders
        self._store_of = store_of
        self._begun = False

    def is_store_out(self, uid: str) -> bool:
        """The footage of a camera cannot be uploaded now."""
        return not self._begun or self._uploaders[self._store_of(uid)].failing

    def reroute(self) -> None:
        """Regions or cameras may have moved: let each file that waits go to where it belongs now."""
        for uploader in self._uploaders.values():
            for file, failures in uploader.take_all():
                self._uploaders[self._store_of(file.name.uid)].add(file, failures)

    async def run(self) -> None:
        """Upload until cancelled. Storage must know this worker's epoch before."""
        self._begun = True
        async with asyncio.TaskGroup() as tasks:
            for name, uploader in self._uploaders.items():
                tasks.create_task(uploader.run(), name=f"uploads to {name}")
            while True:
                file = await self._spool.closed.get()
                self._uploaders[self._store_of(file.name.uid)].add(file)
