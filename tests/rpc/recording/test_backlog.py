"""After an outage people find the live footage first, then what is newest; and no store holds up another."""

import asyncio
import time
from pathlib import Path

from services.ingest.recording.uploader import UploadSettings
from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import InvalidArgumentError, UnavailableError
from snowlight.object_store import open_store
from tests.parts.faults import Fault, run_fault_proxy
from tests.parts.minio import MinioServer
from tests.rpc.recording.replay import Ledger, until
from tests.rpc.recording.spooled import Minutes, session

UID = "camera-1"
BYTES_PER_SECOND = 2_000_000
"""About twenty of these files a second."""


class Picky(Ledger):
    """Refuses one key."""

    refused = ""

    async def commit(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        if any(segment.key == self.refused for segment in segments):
            raise InvalidArgumentError("request.invalid", "as told")
        return await super().commit(segments)


def committed(minutes: Minutes) -> list[int]:
    """The minutes that are committed, in the order in which they were."""
    start_ms = session().fragments[0].start_ms
    return [(segment.start_ms - start_ms) // 60_000 for segment in minutes.ledger.segments.values()]


async def test_the_backlog_drains_newest_first_and_behind_what_is_sealed_now(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path
) -> None:
    # So slow that the second one is not under way before the new ones are sealed.
    settings = UploadSettings(least=1, most=1, backlog_bytes_per_second=BYTES_PER_SECOND // 20, batch=1)
    store = open_store(minio_server.store(minio_bucket), tmp_path)
    minutes = Minutes(tmp_path / "spool", {"default": store}, upload=settings)
    for minute in (3, 1, 4, 0, 2):
        minutes.leave(minutes.seal(UID, minute))
    async with minutes.uploading():
        await until(lambda: len(minutes.ledger.segments) == 1)
        for minute in (10, 11):
            minutes.seal(UID, minute)
        await minutes.empty()
    order = committed(minutes)
    assert sorted(order[1:3]) == [10, 11]
    assert [minute for minute in order if minute < 10] == [4, 3, 2, 1, 0]
    await minutes.check_objects(store)


async def test_the_backlog_keeps_to_its_cap(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path
) -> None:
    settings = UploadSettings(most=8, backlog_bytes_per_second=BYTES_PER_SECOND)
    store = open_store(minio_server.store(minio_bucket), tmp_path)
    minutes = Minutes(tmp_path / "spool", {"default": store}, upload=settings)
    total = 0
    for minute in range(20):
        file = minutes.seal(UID, minute)
        minutes.leave(file)
        total += file.size
    began = time.monotonic()
    async with minutes.uploading():
        await minutes.empty()
    seconds = time.monotonic() - began
    assert seconds >= (total - 2 * file.size) / BYTES_PER_SECOND


async def test_what_waits_for_its_commit_is_committed_newest_first(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path
) -> None:
    settings = UploadSettings(batch=2, retry_first_s=0.3, retry_longest_s=0.3)
    store = open_store(minio_server.store(minio_bucket), tmp_path)
    minutes = Minutes(tmp_path / "spool", {"default": store}, upload=settings)
    minutes.ledger.failures = [UnavailableError("storage.unavailable", "away")] * 4
    async with minutes.uploading():
        for minute in range(6):
            minutes.leave(minutes.seal(UID, minute))
        await until(lambda: len(minutes.ledger.failures) < 4)
        assert minutes.uploads.is_store_out(UID)
        await minutes.empty()
    assert committed(minutes) in ([4, 5, 2, 3, 0, 1], [5, 4, 3, 2, 1, 0])
    assert not minutes.uploads.is_store_out(UID)


async def test_a_file_that_storage_refuses_holds_up_no_other(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path
) -> None:
    store = open_store(minio_server.store(minio_bucket), tmp_path)
    ledger = Picky()
    minutes = Minutes(tmp_path / "spool", {"default": store}, ledger=ledger)
    bad = minutes.seal(UID, 0)
    ledger.refused = bad.key

    async with minutes.uploading():
        for minute in range(1, 5):
            minutes.seal(UID, minute)
        await until(lambda: len(minutes.ledger.segments) == 4)
        await until(lambda: len(list(minutes.spool.files())) == 1)
        await until(lambda: bad.refused)
    assert bad.path.exists()


async def test_a_store_that_is_away_holds_up_no_other_and_back_fills(
    minio_server: MinioServer, tmp_path: Path
) -> None:
    county = open_store(minio_server.store(minio_server.create_bucket()), tmp_path)
    async with run_fault_proxy(minio_server.endpoint) as proxy:
        bucket = minio_server.create_bucket()
        settings = minio_server.store(bucket).model_copy(update={"endpoint": proxy.endpoint})
        town = open_store(settings, tmp_path, timeout_seconds=1, retries=0)
        minutes = Minutes(tmp_path / "spool", {"default": county, "town": town})
        minutes.store_names = {"village": "town"}
        proxy.always = lambda method, path: Fault.REFUSED
        async with minutes.uploading():
            for minute in range(10):
                minutes.seal("village", minute)
                minutes.seal("county", minute)
            await until(lambda: len(minutes.ledger.segments) == 10)
            assert {segment.store for segment in minutes.ledger.segments.values()} == {"default"}
            assert minutes.uploads.is_store_out("village")
            assert not minutes.uploads.is_store_out("county")
            proxy.always = lambda method, path: None
            await minutes.empty()
    stores = {segment.camera_uid: segment.store for segment in minutes.ledger.segments.values()}
    assert stores == {"village": "town", "county": "default"}
    assert len(minutes.ledger.segments) == 20
    beside = open_store(minio_server.store(bucket), tmp_path)
    found = {each["path"] async for batch in beside.list("rec/") for each in batch}
    assert found == {key for key, each in minutes.ledger.segments.items() if each.store == "town"}


async def test_files_that_wait_go_to_where_their_region_has_moved(
    minio_server: MinioServer, tmp_path: Path
) -> None:
    settings = minio_server.store("away").model_copy(update={"endpoint": "http://127.0.0.1:9"})
    away = open_store(settings, tmp_path, timeout_seconds=1, retries=0)
    county = open_store(minio_server.store(minio_server.create_bucket()), tmp_path)
    minutes = Minutes(tmp_path / "spool", {"default": county, "town": away})
    minutes.store_names = {"village": "town"}
    async with minutes.uploading():
        for minute in range(3):
            minutes.seal("village", minute)
        await until(lambda: minutes.uploads.is_store_out("village"))
        minutes.store_names = {}
        while minutes.spool.cameras():
            minutes.uploads.reroute()
            await asyncio.sleep(0.02)
    assert {segment.store for segment in minutes.ledger.segments.values()} == {"default"}
    await minutes.check_objects(county)
