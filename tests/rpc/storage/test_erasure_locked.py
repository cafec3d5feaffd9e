"""Copies in a bucket with object lock: erased once the lock is over, by a storage with the least rights."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from minio.commonconfig import GOVERNANCE
from minio.retention import Retention

from services.admin.store_setup.setup import init_stores
from services.storage.exports.evidence_bucket import LockedBucket
from services.storage.exports.export import ExportState
from snowlight.clock import SystemClock
from snowlight.object_store import EvidenceSettings
from tests.rpc.storage.bucket import insert
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.erasing import Erasing, Erasure, there
from tests.rpc.storage.exporting import DAY_MS, END_MS, START_MS, storage_with_footage
from tests.rpc.storage.least_rights import restricted
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from snowlight.object_store import ObjectStoreSettings
    from tests.parts.minio import MinioServer
    from tests.rpc.storage.exporting import Desk

NAME = "exports/0199-abcdef"
COPIES = ("a/0.mp4", "a/1.mp4", "a/2.mp4", "b/0.mp4", "manifest.json")
LOCK_MS = 8_000


@dataclass
class Locked:
    """An export of the cameras a and b whose lock is over in a few seconds, and the storage that has it."""

    desk: Desk
    erasing: Erasing
    server: MinioServer
    bucket: str
    evidence: LockedBucket
    retain_until_ms: int

    def versions(self) -> list[str]:
        """The name of each version of each object, markers of deletion among them."""
        found = self.server.client().list_objects(
            bucket_name=self.bucket, prefix="exp/", recursive=True, include_version=True
        )
        return sorted(str(each.object_name).removeprefix("exp/0199-abcdef/") for each in found)

    def key(self, copy: str) -> str:
        return f"exp/0199-abcdef/{copy}"


@pytest.fixture
def root_store(minio_server: MinioServer) -> ObjectStoreSettings:
    return minio_server.store(f"erased-{secrets.token_hex(4)}")


@asynccontextmanager
async def locked(cluster: Cluster, server: MinioServer) -> AsyncIterator[Locked]:
    least = await restricted(cluster.store, cluster.data_dir)
    cluster.storage_settings["evidence"] = EvidenceSettings(
        access_key=least.access_key, secret_key=least.secret_key
    )
    described = EvidenceSettings().store(cluster.store, cluster.data_dir)
    assert described.bucket
    async with storage_with_footage(cluster) as desk, cluster.channel() as channel:
        evidence = LockedBucket(described, "GOVERNANCE")
        until_ms = SystemClock().now_ms() + LOCK_MS
        await insert(
            cluster,
            "exports",
            {
                "id": NAME.removeprefix("exports/"),
                "request_id": None,
                "camera_uids": ["a", "b"],
                "start_ms": START_MS,
                "end_ms": END_MS,
                "case_number": "7",
                "reason": "theft",
                "created_by": "principals/li",
                "create_ms": until_ms - DAY_MS,
                "state": str(ExportState.SUCCEEDED),
                "error": "",
                "bytes_total": 4,
                "bytes_done": 4,
                "immutable": True,
                "retain_until_ms": until_ms,
            },
        )
        found = Locked(desk, Erasing(channel), server, described.bucket, evidence, until_ms)
        for copy in COPIES:
            await evidence.put(found.key(copy), b"x", until_ms)
        yield found


async def test_an_export_of_now_is_told_as_what_keeps_its_copies(
    postgres_url: str, root_store: ObjectStoreSettings, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, root_store)
    await asyncio.to_thread(init_stores, cluster.store, EvidenceSettings(), tmp_path, None)
    async with storage_with_footage(cluster) as desk, cluster.channel() as channel:
        export = await desk.ended((await desk.create("a")).name)
        await desk.lets_go()
        waiting = await Erasing(channel).until(Erasure.HELD)
        assert (list(waiting.held_by), waiting.remaining_objects) == ([export.name], 0)
        assert there(cluster, "a") == set()


async def test_copies_go_in_every_version_once_their_lock_is_over_and_nothing_else_does(
    postgres_url: str, root_store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, root_store)
    async with locked(cluster, minio_server) as export:
        root = minio_server.client()
        await export.evidence.put(export.key("a/0.mp4"), b"y", export.retain_until_ms)
        root.remove_object(bucket_name=export.bucket, object_name=export.key("a/1.mp4"))
        before = export.versions()
        assert len(before) == len(COPIES) + 2, "another version, and a marker that hides one"
        waiting = await export.erasing.until(Erasure.HELD)
        assert list(waiting.held_by) == [NAME]
        assert export.versions() == before
        assert SystemClock().now_ms() < export.retain_until_ms
        done = await export.erasing.until(Erasure.DONE)
        assert SystemClock().now_ms() >= export.retain_until_ms
        assert (list(done.held_by), done.error) == ([], "")
        assert export.versions() == ["b/0.mp4", "manifest.json"]
        assert "footage of camera a was erased: erasures/1" in (await export.desk.get(NAME)).error


async def test_what_a_legal_hold_or_a_longer_lock_keeps_stays_held_until_it_lets_go(
    postgres_url: str, root_store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, root_store)
    async with locked(cluster, minio_server) as export:
        root = minio_server.client()
        holding, longer = export.key("a/0.mp4"), export.key("a/1.mp4")
        root.enable_object_legal_hold(bucket_name=export.bucket, object_name=holding)
        tomorrow = datetime.fromtimestamp(export.retain_until_ms / 1000 + 86_400, UTC)
        root.set_object_retention(
            bucket_name=export.bucket, object_name=longer, config=Retention(GOVERNANCE, tomorrow)
        )
        await export.erasing.ask()

        async def is_left(*copies: str) -> bool:
            return export.versions() == [*copies, "b/0.mp4", "manifest.json"]

        await eventually(lambda: is_left("a/0.mp4", "a/1.mp4"))
        waiting = await export.erasing.until(Erasure.HELD)
        assert list(waiting.held_by) == [NAME]
        assert (await export.desk.get(NAME)).error == "", "not all of it is gone"
        root.disable_object_legal_hold(bucket_name=export.bucket, object_name=holding)
        await eventually(lambda: is_left("a/1.mp4"))
        assert (await export.erasing.ask()).state == Erasure.HELD
