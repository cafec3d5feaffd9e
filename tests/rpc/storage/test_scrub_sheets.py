"""Sheets of small pictures live no longer than the footage they show, and scrub sheets two days."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import obstore
import pytest

from snowlight.clock import SystemClock
from snowlight.media.preview import LAPSE_MS, SHEET_MS, LapseKey, SheetKey
from tests.rpc.storage.bucket import keys, opened, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.erasing import Erasing, Erasure
from tests.rpc.storage.exporting import MINUTE_MS, START_MS, storage_with_footage
from tests.rpc.storage.least_rights import restricted
from tests.rpc.storage.test_erasure import hold
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def put_sheet(cluster: Cluster, uid: str, start_ms: int) -> str:
    """A sheet as a gateway keeps it; its name."""
    key = str(SheetKey(uid, start_ms // SHEET_MS * SHEET_MS, secrets.token_hex(8)))
    obstore.put(opened(cluster), key, b"jpeg")
    return key


def put_thumbnails(cluster: Cluster, uid: str, start_ms: int) -> str:
    """Thumbnails of four hours; their name."""
    key = str(LapseKey(uid, start_ms // LAPSE_MS * LAPSE_MS, 10, secrets.token_hex(8)))
    obstore.put(opened(cluster), key, b"jpeg")
    return key


async def swept_to(cluster: Cluster, stay: set[str], folder: str = "prv") -> None:
    """Wait until these are left, and no others."""

    async def are_left() -> bool:
        return keys(cluster, folder) <= stay

    await eventually(are_left, 30)
    assert keys(cluster, folder) == stay


@pytest.fixture
def now_ms() -> int:
    """When this test began: what is 47 hours old must not be 48 when it ends."""
    return SystemClock().now_ms()


@pytest.mark.usefixtures("store")
async def test_a_sheet_goes_after_two_days_or_with_its_footage(cluster: Cluster, now_ms: int) -> None:
    await cluster.registry.put("brief", retention_days=1, created_ms=now_ms - 100 * DAY_MS)
    await cluster.registry.put("cam", retention_days=30, created_ms=now_ms - 100 * DAY_MS)
    async with cluster.ingest():
        async with cluster.storage() as storage:  # until storage has heard of the cameras
            assert storage is not None
            await eventually(lambda: _knows(cluster, "brief"))
        stay = {
            put_sheet(cluster, "cam", now_ms - 2 * HOUR_MS),
            put_sheet(cluster, "cam", now_ms - 47 * HOUR_MS),
            put_sheet(cluster, "brief", now_ms - 23 * HOUR_MS),
            put_sheet(cluster, "nobody-knows", now_ms - 47 * HOUR_MS),
        }
        for uid, hours in (("cam", 49), ("cam", 1000), ("brief", 25), ("nobody-knows", 49)):
            put_sheet(cluster, uid, now_ms - hours * HOUR_MS)
        obstore.put(opened(cluster), "prv/cam/note.txt", b"by an operator")
        stay.add("prv/cam/note.txt")
        async with cluster.storage():
            await swept_to(cluster, stay)


@pytest.mark.usefixtures("store")
async def test_thumbnails_go_with_the_first_of_their_footage(cluster: Cluster, now_ms: int) -> None:
    await cluster.registry.put("brief", retention_days=1, created_ms=now_ms - 100 * DAY_MS)
    await cluster.registry.put("cam", retention_days=30, created_ms=now_ms - 100 * DAY_MS)
    async with cluster.ingest():
        async with cluster.storage() as storage:  # until storage has heard of the cameras
            assert storage is not None
            await eventually(lambda: _knows(cluster, "brief"))
        stay = {
            put_thumbnails(cluster, "cam", now_ms),
            put_thumbnails(cluster, "cam", now_ms - 30 * DAY_MS + LAPSE_MS + HOUR_MS),
            put_thumbnails(cluster, "brief", now_ms - 19 * HOUR_MS),
        }
        for uid, age_ms in (
            ("cam", 30 * DAY_MS + HOUR_MS),
            ("brief", 25 * HOUR_MS),
            ("nobody-knows", 9 * DAY_MS),
        ):
            put_thumbnails(cluster, uid, now_ms - age_ms)
        async with cluster.storage():
            await swept_to(cluster, stay, "thm")


async def _knows(cluster: Cluster, uid: str) -> bool:
    return (uid, 1) in await rows(cluster, "cameras", "uid", "kept_days")


async def test_the_rights_that_storage_is_given_suffice(
    database_url: str, minio_server: MinioServer, tmp_path: Path, now_ms: int
) -> None:
    root = minio_server.store(f"sheets-{secrets.token_hex(4)}")
    cluster = Cluster(database_url, tmp_path, await restricted(root, tmp_path))
    as_root = Cluster(database_url, tmp_path, root)
    stays = put_sheet(as_root, "cam", now_ms - 2 * HOUR_MS)
    put_sheet(as_root, "cam", now_ms - 49 * HOUR_MS)
    async with cluster.ingest(), cluster.storage():
        await swept_to(as_root, {stays})


@pytest.mark.usefixtures("store")
async def test_sheets_of_erased_footage_go_and_others_stay(cluster: Cluster, now_ms: int) -> None:
    async with storage_with_footage(cluster), cluster.channel() as channel:
        stay = {put_sheet(cluster, "b", START_MS), put_sheet(cluster, "a", now_ms)}
        put_sheet(cluster, "a", START_MS)
        put_sheet(cluster, "a", START_MS - 2 * HOUR_MS)
        await Erasing(channel).until(Erasure.DONE)
        assert keys(cluster, "prv") == stay
        thumbnails = {put_thumbnails(cluster, "a", now_ms + DAY_MS)}
        put_sheet(cluster, "a", START_MS)  # by a gateway that was making it
        put_thumbnails(cluster, "a", START_MS)
        await swept_to(cluster, stay)
        await swept_to(cluster, thumbnails, "thm")


async def test_sheets_of_held_footage_that_is_to_be_erased_go(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk, cluster.channel() as channel:
        erasing = Erasing(channel)
        await hold(desk, "a", 1)
        put_sheet(cluster, "a", START_MS + MINUTE_MS)
        await erasing.until(Erasure.HELD)
        assert keys(cluster, "prv") == set(), "it is a copy of what is held"
