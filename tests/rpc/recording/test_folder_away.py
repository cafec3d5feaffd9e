"""A local store whose folder goes away takes neither the spool's bounds nor a minute with it."""

import asyncio
from errno import EIO
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from obstore.store import LocalStore
from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.put import ObjectPut
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.space import marks_of
from services.ingest.recording.spool import Spool, SpoolSettings
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.media.fragment import Fragment
from tests.parts.disk import small_disk
from tests.parts.part import PartMissingError
from tests.rpc.recording.replay import Ledger, until
from tests.rpc.recording.spooled import Minutes, session

CAMERAS = {f"camera-{number}": 1 + number % 3 for number in range(12)}
"""Class by uid."""
SIZE = len(session().fragments[0].data)
SETTINGS = SpoolSettings(capacity_bytes=SIZE * 200, reserve_bytes=0, sync_interval_s=0.01)
"""Room for some seconds of all cameras."""


class Losing(Ledger):
    """Takes a store's folder away while storage is told of what lies in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.away = folder.with_name("away")

    async def commit(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        if not self.away.exists():
            self.folder.rename(self.away)
        return await super().commit(segments)


async def fill(spool: Spool) -> list[int]:
    """Record all cameras until none is taken. Returns their classes, in the order in which they stopped."""
    recorders = {uid: Recorder(spool, uid, 1, number, lambda uid: True) for uid, number in CAMERAS.items()}
    made = session()
    first = made.fragments[0]
    stopped: list[str] = []
    for number in range(1000):
        fragment = Fragment(first.segment, 0, first.start_ms + 500 * number, 500, True, False, first.chunks)
        taken = {uid for uid, each in recorders.items() if each.append(made.init, fragment)}
        stopped += sorted(
            set(CAMERAS) - taken - set(stopped), key=lambda uid: marks_of(uid, CAMERAS[uid]).stop
        )
        if not taken:
            return [CAMERAS[uid] for uid in stopped]
        used = sum(each.size for each in spool.files())
        await until(lambda: spool.level >= min(used / SETTINGS.capacity_bytes, 1))  # noqa: B023
    raise AssertionError(f"the spool holds {used} bytes")


async def test_a_committed_minute_waits_for_its_store_and_the_spool_keeps_its_bounds(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    ledger = Losing(folder)
    store = LocalStore(folder, mkdir=True)
    minutes = Minutes(tmp_path / "spool", {"default": store}, spool=SETTINGS, ledger=ledger)
    async with minutes.uploading():
        file = minutes.seal("first", 0)
        await until(lambda: minutes.uploaders["default"].failing)
        assert ledger.segments, "it is committed"
        assert await fill(minutes.spool) == [3] * 4 + [2] * 4 + [1] * 4
        assert file.path.exists(), "nothing says that its object is on the disk"
        assert minutes.uploads.is_store_out("first")
        for each in list(minutes.spool.files()):
            if each is not file:
                minutes.spool.remove(each)
        ledger.away.rename(folder)
        await until(lambda: file.gone)
    await minutes.check_objects(store)


async def test_the_spool_keeps_its_bounds_while_its_disk_cannot_be_written_out(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise OSError(EIO, "injected")

    metrics = RecordingMetrics(CollectorRegistry())
    spool = Spool(tmp_path, SystemClock(), SETTINGS, metrics, sync=fail)
    async with spool.running():
        waiting = asyncio.create_task(spool.synced())
        assert await fill(spool) == [3] * 4 + [2] * 4 + [1] * 4
        assert not waiting.done(), "nothing is told to be on the disk"
        waiting.cancel()


async def test_a_store_on_a_disk_of_its_own_is_written_out_too(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "disk", 8 << 20) as disk:
            store = LocalStore(disk / "store", mkdir=True)
            minutes = Minutes(tmp_path / "spool", {"default": store}, spool=SETTINGS)
            async with minutes.uploading():
                minutes.seal("first", 0)
                await minutes.empty()
            await minutes.check_objects(store)
    except PartMissingError as error:
        pytest.skip(str(error))


async def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    """An object in the place where a disk was would be nowhere once it is back."""
    folder = tmp_path / "store"
    store = LocalStore(folder, mkdir=True)
    folder.rmdir()
    minutes = Minutes(tmp_path / "spool", {"default": store}, spool=SETTINGS)
    async with minutes.uploading():
        file = minutes.seal("first", 0)
        await until(lambda: minutes.uploaders["default"].failing)
        assert not folder.exists()
        assert not file.refused
        folder.mkdir()
        await minutes.empty()
    await minutes.check_objects(store)


@pytest.mark.parametrize("call", ["link", "sync"])
async def test_a_store_that_never_answers_delays_no_round_of_the_spool(tmp_path: Path, call: str) -> None:
    back = Event()

    def hang(*arguments: Path | str) -> bool:
        return back.wait()

    minutes = Minutes(tmp_path / "spool", {}, spool=SETTINGS)
    store = LocalStore(tmp_path / "store", mkdir=True)
    put = ObjectPut(store, 60, 16, **{call: hang})  # type: ignore[arg-type]
    file = minutes.seal("first", 0)
    work = partial(put.put, file) if call == "link" else partial(put.synced, minutes.spool.folder)
    hanging = [asyncio.create_task(work()) for _ in range(100)]  # more than there are threads
    try:
        async with minutes.spool.running(), asyncio.timeout(10):
            await minutes.spool.synced()
            assert await asyncio.to_thread(file.path.read_bytes), "threads that all share are free"
        assert not any(each.done() for each in hanging)
    finally:
        back.set()
        await asyncio.gather(*hanging)


@pytest.mark.parametrize("call", ["link", "sync"])
async def test_a_store_that_never_answers_fails(tmp_path: Path, call: str) -> None:
    """With an OSError, as one that is gone: else nobody would tell it is away, nor give anything up."""
    back = Event()

    def hang(*arguments: Path | str) -> bool:
        return back.wait()

    minutes = Minutes(tmp_path / "spool", {}, spool=SETTINGS)
    file = minutes.seal("first", 0)
    store = LocalStore(tmp_path / "store", mkdir=True)
    put = ObjectPut(store, 0.01, 16, **{call: hang})  # type: ignore[arg-type]
    try:
        for _ in range(10):  # more than there are threads
            with pytest.raises(
                TimeoutError, match="no answer"
            ):  # an OSError, as any other failure of the folder
                await (put.put(file) if call == "link" else put.synced(minutes.spool.folder))
    finally:
        back.set()
