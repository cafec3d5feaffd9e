"""Closed minutes in a spool, made without a camera, and what becomes of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.recording.uploads import Uploads
from snowlight.clock import SystemClock
from snowlight.media.fragment import Fragment
from tests.rpc.recording.replay import Ledger
from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import clip

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MINUTE_MS = 60_000


@cache
def session() -> MuxSession:
    """4 s of a camera."""
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.finish()
    return feed.session


class Minutes:
    """A spool, and the uploaders of its stores."""

    def __init__(
        self,
        folder: Path,
        stores: "Mapping[str, ObjectStore]",
        *,
        spool: SpoolSettings | None = None,
        upload: UploadSettings | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.registry = CollectorRegistry()
        self.ledger = ledger or Ledger()
        self.store_names: dict[str, str] = {}
        """By uid; "default" where nothing is said."""
        self.spool = Spool(
            folder,
            SystemClock(),
            spool or SpoolSettings(sync_interval_s=0.05),
            RecordingMetrics(self.registry),
        )
        settings = upload or UploadSettings(retry_first_s=0.01, retry_longest_s=0.05)
        self.uploaders = {
            name: Uploader(
                self.spool, store, name, self.ledger.commit, SystemClock(), settings, Random(1), self._prepare
            )
            for name, store in stores.items()
        }
        self.uploads = Uploads(self.spool, self.uploaders, self.store_of)

    def store_of(self, uid: str) -> str:
        return self.store_names.get(uid, "default")

    async def _prepare(self) -> None:
        """The bucket is there."""

    def seal(self, uid: str, minute: int, *, epoch: int = 1) -> SpoolFile:
        """One file of a camera, that starts so many minutes after START_MS."""
        made = session()
        recorder = Recorder(self.spool, uid, epoch, 3, self.uploads.is_store_out)
        shift_ms = minute * MINUTE_MS
        for each in made.fragments:
            moved = Fragment(
                each.segment,
                each.part,
                each.start_ms + shift_ms,
                each.duration_ms,
                each.independent,
                each.lossy,
                each.chunks,
            )
            assert recorder.append(made.init, moved)
        recorder.close()
        return self.spool.list_spool(uid, START_MS + shift_ms, START_MS + shift_ms + 1)[-1]

    def leave(self, file: SpoolFile) -> None:
        """Let it look like one that an outage left over."""
        file.sealed_at = None

    @asynccontextmanager
    async def uploading(self) -> AsyncIterator[None]:
        async with self.spool.running():
            task = asyncio.create_task(self.uploads.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def empty(self, seconds: float = 30) -> None:
        """Wait until nothing is left in the spool."""
        deadline = time.monotonic() + seconds
        while self.spool.cameras():
            assert time.monotonic() < deadline, [str(file.name) for file in self.spool.files()]
            await asyncio.sleep(0.005)

    async def check_objects(self, store: "ObjectStore") -> None:
        """Each committed object lies whole in the store, and nothing else does."""
        found = {each["path"] async for batch in store.list("rec/") for each in batch}
        assert found == set(self.ledger.segments)
        for key, segment in self.ledger.segments.items():
            data = bytes(await (await store.get_async(key)).bytes_async())
            assert (len(data), sha256(data).digest()) == (segment.size, segment.sha256)
