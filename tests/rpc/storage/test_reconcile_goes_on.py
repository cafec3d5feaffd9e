"""No object, no camera and no store keeps the others from being compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.catalogue.camera_rebuild import parse_key
from services.storage.reconcile.comparison import Comparison
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.lying import Lying, cut_off
from tests.rpc.storage.objects import INIT8, footage
from tests.rpc.storage.rebuilding import rebuild
from tests.rpc.storage.recorded_days import MINUTE_MS, YESTERDAY_MS
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from services.storage.reconcile.rows import CameraDay
    from tests.parts.minio import MinioServer

AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}
TOO_BIG = 1 << 63


@pytest.fixture
def cluster(database_url: str, tmp_path: Path) -> Cluster:
    cluster = Cluster(database_url, tmp_path, ObjectStoreSettings(url=f"file://{tmp_path}/footage"))
    cluster.storage_settings = dict(AT_ONCE)
    return cluster


def named(epoch: int, sequence: int) -> str:
    return str(ObjectKey("cam", YESTERDAY_MS, MINUTE_MS, epoch, sequence, INIT8))


@pytest.mark.parametrize("numbers", [(TOO_BIG, 1), (1, TOO_BIG), (10**50, 10**50)])
def test_numbers_that_no_database_keeps_are_foreign(numbers: tuple[int, int]) -> None:
    assert parse_key(named(*numbers)) is None
    assert parse_key(named(TOO_BIG - 1, TOO_BIG - 1)) is not None


async def test_a_name_with_such_numbers_stops_neither_storage_nor_a_rebuild(cluster: Cluster) -> None:
    there = footage("cam", YESTERDAY_MS + MINUTE_MS)
    foreign = {named(TOO_BIG, 1), named(1, 10**40)}
    for key in foreign:
        await obstore.put_async(opened(cluster), key, footage("cam", YESTERDAY_MS).data)
    await put(cluster, there)
    async with cluster.ingest(), cluster.storage():

        async def are_noted() -> bool:
            adopted = len(await rows(cluster, "segments", "start_ms")) == 1
            return adopted and {row[1:3] for row in await rows(cluster, "set_aside")} == {
                (key, "foreign_name") for key in foreign
            }

        await eventually(are_noted)
        assert keys(cluster, "rec") == {*foreign, there.key}
        assert set((await rebuild(cluster)).foreign) == foreign


async def test_what_nobody_thought_of_keeps_no_other_camera_from_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = Comparison.compare

    async def breaking(self: Comparison, of: CameraDay) -> None:
        if of.camera_uid == "bad":
            raise OverflowError("as a driver says")
        await compare(self, of)

    monkeypatch.setattr(Comparison, "compare", breaking)
    bad, there = footage("bad", YESTERDAY_MS), footage("cam", YESTERDAY_MS)
    await put(cluster, bad, there)
    async with cluster.ingest(), cluster.storage():

        async def is_adopted() -> bool:
            return await rows(cluster, "segments", "camera_uid") == [("cam",)]

        await eventually(is_adopted)

        async def broke_again() -> bool:
            return (cluster.metric("snowlight_storage_reconcile_failures_total") or 0) >= 2

        await eventually(broke_again)


async def test_a_store_that_answers_and_lists_nothing_keeps_no_other_from_it(
    database_url: str, tmp_path: Path, minio_server: MinioServer
) -> None:
    """Its mark can be read, so it does not count as away."""
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([{"name": "pingyi", "url": f"file://{tmp_path}/pingyi"}]))
    network = Lying(minio_server.endpoint)
    described = minio_server.store(minio_server.create_bucket())
    further = {"endpoint": network.endpoint, "further_file": file}
    cluster = Cluster(database_url, tmp_path, described.model_copy(update=further))
    cluster.storage_settings = dict(AT_ONCE)
    network.answer = cut_off
    there = footage("cam", YESTERDAY_MS, store="pingyi")
    await put(cluster, there)
    async with network.serving(), cluster.ingest(), cluster.storage():

        async def is_adopted() -> bool:
            return await rows(cluster, "segments", "store") == [("pingyi",)]

        await eventually(is_adopted, 60)
        assert network.lied
