"""Storage does all its work with the rights that `snowlight admin init-store` gives it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import obstore
import pytest
from minio.commonconfig import GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention
from obstore.exceptions import BaseError

from services.storage.exports.evidence_bucket import LockedBucket
from services.storage.index.day_object import DayKey
from snowlight.api.storage.v1 import export_pb2, storage_pb2
from snowlight.bucket_control import open_control
from snowlight.clock import SystemClock
from snowlight.errors import FailedPreconditionError
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings, open_store
from tests.rpc.storage.bucket import keys, opened, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import Desk
from tests.rpc.storage.least_rights import restricted
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


async def test_storage_deletes_evidence_that_no_lock_keeps_and_no_more(
    root_store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    described = EvidenceSettings().store(await restricted(root_store, tmp_path), tmp_path)
    bucket = f"{root_store.bucket}-evidence"
    evidence = LockedBucket(described, "GOVERNANCE")
    root = minio_server.client()

    async def put(key: str, lock_ms: int) -> str:
        await evidence.put(key, b"x", SystemClock().now_ms() + lock_ms)
        return str(root.stat_object(bucket_name=bucket, object_name=key).version_id)

    def exists(key: str, version: str) -> bool:
        found = root.list_objects(bucket_name=bucket, prefix=key, include_version=True)
        return [(each.version_id, each.is_delete_marker) for each in found] == [(version, False)]

    kept, let_go = "exp/e1/a/0.mp4", "exp/e1/a/1.mp4"
    kept_version, version = await put(kept, DAY_MS), await put(let_go, 1000)

    with pytest.raises(FailedPreconditionError):
        await evidence.delete("exp/e1/a", ["0.mp4"])
    sooner = Retention(GOVERNANCE, datetime.now(UTC) + timedelta(minutes=1))
    with open_control(described) as storage:
        for key, named in ((kept, None), (let_go, None), ("elsewhere/note.txt", version)):
            with pytest.raises(S3Error, match="AccessDenied"):
                storage.remove_object(bucket_name=bucket, object_name=key, version_id=named)
        with pytest.raises(S3Error):
            storage.set_object_retention(bucket_name=bucket, object_name=kept, config=sooner)
        named_kept = [DeleteObject(kept, kept_version)]
        assert list(
            storage.remove_objects(
                bucket_name=bucket, delete_object_list=named_kept, bypass_governance_mode=True
            )
        ), "refused"
    assert exists(kept, kept_version)
    assert exists(let_go, version), "nothing hides it"

    async def gone() -> bool:
        try:
            await evidence.delete("exp/e1/a", ["1.mp4"])
        except FailedPreconditionError:
            return False
        return await evidence.files("exp/e1/a") == {"0.mp4"}

    await eventually(gone)
