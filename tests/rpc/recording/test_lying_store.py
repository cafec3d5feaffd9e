"""Whatever an object store answers, every minute ends up in it whole and is committed once."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.ingest.recording.put import ObjectPut
from services.ingest.recording.uploader import UploadSettings
from snowlight.object_store import open_store
from tests.parts.faults import Fault, FaultProxy, run_fault_proxy
from tests.parts.minio import MinioServer
from tests.parts.open_files import mapped, opened
from tests.rpc.recording.replay import until
from tests.rpc.recording.spooled import Minutes

if TYPE_CHECKING:
    from obstore.store import ObjectStore

UID = "camera-1"
QUICK = UploadSettings(put_seconds=1, retry_first_s=0.01, retry_longest_s=0.05)


@dataclass
class Site:
    """A MinIO behind the proxy, and beside it."""

    proxy: FaultProxy
    behind: "ObjectStore"
    beside: "ObjectStore"


@pytest.fixture(params=[False, True], ids=["by sendfile", "signed, out of memory"])
async def site(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    settings = minio_server.store(minio_bucket).model_copy(update={"sign_payload": request.param})
    async with run_fault_proxy(minio_server.endpoint) as proxy:
        behind = open_store(
            settings.model_copy(update={"endpoint": proxy.endpoint}), tmp_path, timeout_seconds=1, retries=0
        )
        yield Site(proxy, behind, open_store(settings, tmp_path))


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.TRUNCATED])
async def test_a_put_that_goes_wrong_is_made_good(site: Site, tmp_path: Path, fault: Fault) -> None:
    minutes = Minutes(tmp_path / "spool", {"default": site.behind}, upload=QUICK)
    site.proxy.queue("PUT", fault, fault, fault)
    site.proxy.slow_bytes_per_second = 50_000  # 90 kB take longer than a request may
    async with minutes.uploading():
        minutes.seal(UID, 0)
        await minutes.empty()
    assert not site.proxy.left()
    assert len(minutes.ledger.segments) == 1
    await minutes.check_objects(site.beside)


async def test_an_answer_that_was_lost_costs_one_look_and_no_second_object(
    site: Site, tmp_path: Path
) -> None:
    minutes = Minutes(tmp_path / "spool", {"default": site.behind})
    site.proxy.queue("PUT", Fault.ANSWER_LOST)
    async with minutes.uploading():
        minutes.seal(UID, 0)
        await minutes.empty()
    assert [method for method, _ in site.proxy.seen] == ["PUT", "PUT", "HEAD", "GET"]
    await minutes.check_objects(site.beside)


async def test_an_object_that_is_not_the_file_is_replaced(site: Site, tmp_path: Path) -> None:
    """Of another size, and of the same: that the key is taken proves nothing."""
    minutes = Minutes(tmp_path / "spool", {"default": site.behind})
    for minute, size in ((0, 10), (1, 0)):
        file = minutes.seal(UID, minute)
        await site.beside.put_async(file.key, bytes(size or file.size))
    async with minutes.uploading():
        await minutes.empty()
    await minutes.check_objects(site.beside)


async def test_a_look_that_is_cut_short_is_repeated(site: Site, tmp_path: Path) -> None:
    minutes = Minutes(tmp_path / "spool", {"default": site.behind})
    site.proxy.queue("PUT", Fault.ANSWER_LOST)
    site.proxy.queue("GET", Fault.TRUNCATED, Fault.TRUNCATED)
    async with minutes.uploading():
        minutes.seal(UID, 0)
        await minutes.empty()
    assert not site.proxy.left()
    assert [method for method, _ in site.proxy.seen].count("GET") == 3
    await minutes.check_objects(site.beside)


async def test_a_bucket_that_is_missing_loses_no_file(minio_server: MinioServer, tmp_path: Path) -> None:
    store = open_store(minio_server.store("not-there-yet"), tmp_path, retries=0)
    minutes = Minutes(tmp_path / "spool", {"default": store})
    async with minutes.uploading():
        minutes.seal(UID, 0)
        await until(lambda: minutes.uploads.is_store_out(UID))
        minio_server.client().make_bucket(bucket_name="not-there-yet")
        await minutes.empty()
    await minutes.check_objects(store)


async def test_a_minute_that_the_disk_does_not_give_is_the_disks_fault(
    minio_server: MinioServer, minio_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(minio_server.store(minio_bucket), tmp_path, retries=0)
    minutes = Minutes(tmp_path / "spool", {"default": store})
    file, another = minutes.seal(UID, 0), minutes.seal(UID, 1)
    nowhere = minio_server.store(minio_bucket).model_copy(update={"endpoint": "http://127.0.0.1:1"})
    with pytest.raises(ConnectionRefusedError):
        await ObjectPut(open_store(nowhere, tmp_path), 5.0, 1).put(another)
    assert not another.refused
    monkeypatch.setattr("os.sendfile", _broken)
    with pytest.raises(OSError, match="Input/output error"):
        await ObjectPut(store, 5.0, 1).put(file)
    assert file.refused


def _broken(connected: int, file: int, offset: int, count: int) -> int:
    raise OSError(EIO, os.strerror(EIO))


async def test_a_storm_of_refusals_halves_the_uploads_and_calm_brings_them_back(
    site: Site, tmp_path: Path
) -> None:
    settings = UploadSettings(least=1, most=8, retry_first_s=0.01, retry_longest_s=0.05)
    minutes = Minutes(tmp_path / "spool", {"default": site.behind}, upload=settings)

    def limit() -> float:
        return minutes.registry.get_sample_value("snowlight_upload_limit", {"store": "default"}) or 0

    site.proxy.always = lambda method, path: Fault.SLOW_DOWN if method == "PUT" else None
    async with minutes.uploading():
        for minute in range(120):
            minutes.seal(UID, minute)
        await until(lambda: limit() == 1 and minutes.uploads.is_store_out(UID))
        before = len(site.proxy.seen)
        await asyncio.sleep(0.5)
        assert len(site.proxy.seen) - before < 60  # one at a time, with pauses
        site.proxy.always = lambda method, path: None
        await minutes.empty()
        assert limit() > 2
        assert not minutes.uploads.is_store_out(UID)
    assert site.proxy.most_running <= 8
    await minutes.check_objects(site.beside)


async def test_answers_that_are_slow_halve_the_uploads(site: Site, tmp_path: Path) -> None:
    settings = UploadSettings(least=1, most=8, slow_seconds=0.1, retry_first_s=0.01, retry_longest_s=0.05)
    minutes = Minutes(tmp_path / "spool", {"default": site.behind}, upload=settings)
    site.proxy.slow_bytes_per_second = 300_000
    site.proxy.always = lambda method, path: Fault.SLOW_BODY
    async with minutes.uploading():
        for minute in range(6):
            minutes.seal(UID, minute)
        await minutes.empty()
    assert minutes.registry.get_sample_value("snowlight_upload_limit", {"store": "default"}) == 1
    assert not minutes.spool.metrics.put_failures._value.get()


async def test_no_more_files_are_open_than_uploads_run(site: Site, tmp_path: Path) -> None:
    settings = UploadSettings(least=1, most=4, retry_first_s=0.01, retry_longest_s=0.05)
    minutes = Minutes(tmp_path / "spool", {"default": site.behind}, upload=settings)
    site.proxy.slow_bytes_per_second = 1_000_000
    site.proxy.always = lambda method, path: Fault.SLOW_BODY
    files = tmp_path / "spool" / UID  # how all their names begin
    held = 0
    async with minutes.uploading():
        for minute in range(40):
            minutes.seal(UID, minute)
        while minutes.spool.cameras():
            held = max(held, len(opened(files)), mapped(files))
            await asyncio.sleep(0.01)
    assert 0 < held <= 4
