"""Storage does all its work with the rights that `snowlight admin init-store` gives it."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.exceptions import BaseError
from pydantic import SecretStr

from services.admin.store_setup.setup import init_stores
from services.storage.index.day_object import DayKey
from snowlight.api.storage.v1 import export_pb2, storage_pb2
from snowlight.clock import SystemClock
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings, open_store
from tests.rpc.storage.bucket import keys, opened, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import Desk
from tests.rpc.storage.objects import footage
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer

DAY_MS, MINUTE_MS = 86_400_000, 60_000
NOW_MS = SystemClock().now_ms()
PAST_MS = (NOW_MS // DAY_MS - 4) * DAY_MS + 8 * 3_600_000
AT_ONCE = {
    "reconcile_first_seconds": 0.0,
    "reconcile_hours": 0.2 / 3600,
    "reconcile_grace_seconds": 0.0,
    "pack_after_hours": 1,
}


@pytest.fixture
def root_store(minio_server: MinioServer) -> ObjectStoreSettings:
    return minio_server.store(f"least-{secrets.token_hex(4)}")


async def restricted(store: ObjectStoreSettings, folder: Path) -> ObjectStoreSettings:
    """The same store with storage's own keys."""
    await asyncio.to_thread(init_stores, store, EvidenceSettings(), folder, folder / "users")
    found = json.loads((folder / "users/default-storage.json").read_text())
    return store.model_copy(
        update={"access_key": found["access_key"], "secret_key": SecretStr(found["secret_key"])}
    )


async def test_storage_packs_sweeps_sets_aside_catalogues_and_exports(
    database_url: str, root_store: ObjectStoreSettings, tmp_path: Path
) -> None:
    cluster = Cluster(database_url, tmp_path, await restricted(root_store, tmp_path))
    cluster.storage_settings = dict(AT_ONCE)
    root = open_store(root_store, tmp_path)
    await cluster.registry.put("cam", retention_days=30, created_ms=NOW_MS - 100 * DAY_MS)
    kept, expired = footage("cam", PAST_MS), footage("cam", NOW_MS - 40 * DAY_MS)
    superseded = footage("cam", PAST_MS + 30_000, sequence=7)
    for each in (kept, expired):
        obstore.put(root, each.key, each.data)
    async with cluster.ingest(), cluster.storage() as storage, cluster.channel() as channel:
        await storage.OpenEpoch(
            storage_pb2.OpenEpochRequest(shard=0, epoch=1, from_ms=expired.segment.start_ms)
        )
        await storage.CommitSegments(
            storage_pb2.CommitSegmentsRequest(shard=0, segments=[kept.segment, expired.segment])
        )
        obstore.put(root, superseded.key, superseded.data)

        async def is_done() -> bool:
            return (
                keys(cluster, "idx") == {str(DayKey("cam", PAST_MS // DAY_MS, 1))}
                and keys(cluster, "aside") == {f"aside/{superseded.key}"}
                and keys(cluster, "rec") == {kept.key}
                and "meta/cameras/cam.pb" in keys(cluster, "meta")
                and not await rows(cluster, "outbox", "id")
            )

        await eventually(is_done, 60)
        desk = Desk(channel)
        wish = await desk.create("cam", start_ms=PAST_MS, end_ms=PAST_MS + MINUTE_MS)
        export = await desk.ended(wish.name)
        assert export.error == ""
        assert export.state == export_pb2.Export.SUCCEEDED


async def test_storage_can_add_no_footage_and_put_none_in_its_place(
    root_store: ObjectStoreSettings, tmp_path: Path
) -> None:
    cluster = Cluster("", tmp_path, await restricted(root_store, tmp_path))
    there = footage("cam", PAST_MS)
    obstore.put(open_store(root_store, tmp_path), there.key, there.data)
    storage = opened(cluster)
    for forbidden in (
        lambda: obstore.put(storage, there.key, b"other footage"),
        lambda: obstore.put(storage, "rec/cam/20251126/new.mp4", b"new footage"),
        lambda: obstore.copy(storage, there.key, f"{there.key}.copy"),
        lambda: obstore.put(storage, "elsewhere/note.txt", b""),
    ):
        with pytest.raises(BaseError):
            forbidden()
    assert bytes(obstore.get(storage, there.key).bytes()) == there.data
