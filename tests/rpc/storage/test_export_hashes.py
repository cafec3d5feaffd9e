"""An export certifies hashes that were committed with the footage, and none that was made up later."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import obstore

from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import SystemClock
from snowlight.evidence.verification import verify
from tests.rpc.storage.bucket import lose_database, opened, put, rows
from tests.rpc.storage.committing import COMMITTED, commit, open_epoch
from tests.rpc.storage.exporting import KEY, Desk
from tests.rpc.storage.objects import footage
from tests.rpc.storage.rebuilding import rebuild
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.rpc.storage.conftest import Cluster

DAY_MS, MINUTE_MS = 86_400_000, 60_000
NOW_MS = SystemClock().now_ms()
PAST_MS = (NOW_MS // DAY_MS - 4) * DAY_MS + 8 * 3_600_000
AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600}


async def take(cluster: Cluster) -> export_pb2.Export:
    async with cluster.channel() as channel:
        desk = Desk(channel)
        wish = await desk.create("cam", start_ms=PAST_MS, end_ms=PAST_MS + MINUTE_MS)
        return await desk.ended(wish.name)


async def test_a_hash_made_up_after_a_rebuild_is_none_that_was_committed(cluster: Cluster) -> None:
    there = footage("cam", PAST_MS)
    altered = there.data.replace(b"picture of cam", b"picture of sam")
    await cluster.registry.put("cam", retention_days=30, created_ms=PAST_MS)
    async with cluster.ingest():
        async with cluster.storage() as storage:
            await open_epoch(storage, 1)
            await put(cluster, there)
            assert await commit(storage, there.segment) == [COMMITTED]
        await lose_database(cluster)
        async with cluster.storage():
            await rebuild(cluster, "default")
        obstore.put(opened(cluster), there.key, altered)
        async with cluster.storage(**AT_ONCE):

            async def is_hashed() -> bool:
                return await rows(cluster, "found_hashes", "sha256") == [(sha256(altered).digest(),)]

            await eventually(is_hashed)
            assert await rows(cluster, "segments", "sha256") == [(b"",)]
            export = await take(cluster)
        verdict = verify(cluster.data_dir / "evidence" / export.manifest_key, KEY)
        assert verdict.problems == []
        (taken,) = verdict.manifest.cameras[0].objects
        assert (taken.sha256, taken.committed_sha256) == (sha256(altered).hexdigest(), "")

        async with cluster.storage(pack_after_hours=1):

            async def is_packed() -> bool:
                return bool(await rows(cluster, "packed_days", "day"))

            await eventually(is_packed)
            export = await take(cluster)
            manifest = verify(cluster.data_dir / "evidence" / export.manifest_key, KEY).manifest
            assert [each.committed_sha256 for each in manifest.cameras[0].objects] == [""]
            obstore.put(opened(cluster), there.key, there.data)
            export = await take(cluster)
            assert export.state == export_pb2.Export.FAILED, "it has changed since it was looked at"
            assert export.error.startswith("export.footage_damaged: ")


async def test_hashes_go_with_the_last_of_their_day(cluster: Cluster) -> None:
    there = footage("cam", PAST_MS)
    await cluster.registry.put("cam", retention_days=30, created_ms=PAST_MS)
    async with cluster.ingest(), cluster.storage(**AT_ONCE, reconcile_grace_seconds=0.0):
        await put(cluster, there)

        async def is_hashed() -> bool:
            return len(await rows(cluster, "found_hashes")) == 1

        await eventually(is_hashed)
        await cluster.registry.put("cam", retention_days=1, created_ms=PAST_MS)

        async def has_gone() -> bool:
            return not await rows(cluster, "found_hashes")

        await eventually(has_gone)
        assert not await rows(cluster, "segments", "start_ms")
