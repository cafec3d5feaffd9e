"""An export waits for footage that is on its way, and leaves none out that comes while it reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.storage.exports.export import Export
from services.storage.exports.footage import ExportFootage
from services.storage.index.found_hashes import FoundHashes
from services.storage.index.queries import FootageIndex
from services.storage.ledger.timeline import Gap, Timeline
from snowlight.api.storage.v1 import export_pb2, storage_pb2, storage_pb2_grpc
from snowlight.errors import UnavailableError
from snowlight.evidence.verification import verify
from tests.rpc.storage.exporting import KEY, MINUTE_MS, OPEN, START_MS, put_minute, storage_with_footage
from tests.rpc.storage.yard import DAY_MS, NOON_MS, Yard, minutes, open_yard
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.storage.segment import Segment
    from tests.rpc.storage.conftest import Cluster

FIRST_MS = NOON_MS - DAY_MS


class Health:
    """All stores answer."""

    def is_away(self, store: str) -> bool:
        return False

    def away_since_ms(self, store: str) -> int:
        return 0


class CommittedInBetween:
    """The real index, to which something happens after its segments were read for the first time."""

    def __init__(self, index: FootageIndex, happens: Callable[[], Awaitable[None]]) -> None:
        self._index = index
        self._happens: Callable[[], Awaitable[None]] | None = happens

    async def list_segments(
        self, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool, playable: bool
    ) -> list[Segment]:
        found = await self._index.list_segments(
            camera_uid, start_ms, end_ms, fragments=fragments, playable=playable
        )
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()
        return found

    async def timeline(self, camera_uid: str, start_ms: int, end_ms: int) -> Timeline:
        return await self._index.timeline(camera_uid, start_ms, end_ms)


def export_of(start_ms: int, end_ms: int) -> Export:
    return Export("e1", ("cam",), start_ms, end_ms, "2026-0117", "theft", "police/wang", NOON_MS)


def reading(yard: Yard, happens: Callable[[], Awaitable[None]]) -> ExportFootage:
    health = Health()
    index = FootageIndex(yard.repository, yard.cameras, yard.objects, health, yard.clock)
    return ExportFootage(
        CommittedInBetween(index, happens),
        yard.cameras,
        FoundHashes(yard.database),
        yard.stores,
        health.is_away,
        yard.clock,
        wait_seconds=0,
    )


async def test_footage_committed_while_the_index_is_read_is_taken_too(
    database_url: str, tmp_path: Path
) -> None:
    before, late, after = minutes("cam", FIRST_MS, 3)
    async with open_yard(database_url, tmp_path) as yard:
        await yard.register("cam")
        await yard.record(before, after)
        footage = reading(yard, lambda: yard.record(late))
        export = export_of(before.start_ms, after.end_ms)
        with pytest.raises(UnavailableError, match="index_changed"):
            await footage.read(export)
        (found,) = await footage.read(export)
        assert [each.start_ms for each in found.segments] == [each.start_ms for each in (before, late, after)]
        assert found.gaps == ()


async def test_footage_that_is_lost_while_the_index_is_read_is_not_both_there_and_missing(
    database_url: str, tmp_path: Path
) -> None:
    before, lost, after = minutes("cam", FIRST_MS, 3)
    async with open_yard(database_url, tmp_path) as yard:
        await yard.register("cam")
        await yard.record(before, lost, after)

        async def lose() -> None:
            async with yard.database.write() as connection:
                await yard.repository.begin_answer(connection)
                await yard.repository.delete_live(connection, [lost])

        footage = reading(yard, lose)
        export = export_of(before.start_ms, after.end_ms)
        with pytest.raises(UnavailableError, match="index_changed"):
            await footage.read(export)
        (found,) = await footage.read(export)
        assert found.gaps == (Gap(lost.start_ms, lost.end_ms, "unknown"),)


async def test_footage_on_its_way_is_waited_for(cluster: Cluster) -> None:
    cluster.storage_settings = {"export_wait_seconds": 3600.0}
    async with storage_with_footage(cluster) as desk, cluster.channel() as channel:
        name = (await desk.create("b")).name

        async def says_so() -> bool:
            return (await desk.get(name)).error.startswith("export.footage_awaited: ")

        await eventually(says_so)
        assert (await desk.get(name)).state in OPEN
        since_s = (START_MS + 4 * MINUTE_MS) / 1000
        assert cluster.metric("snowlight_storage_exports_open") == 1
        assert (cluster.metric("snowlight_storage_exports_oldest_seconds") or 0) >= since_s
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        backlog = [put_minute(cluster, "b", minute) for minute in (0, 1, 3)]
        await storage.CommitSegments(storage_pb2.CommitSegmentsRequest(shard=0, segments=backlog))
        export = await desk.ended(name)
        assert (export.state, export.error) == (export_pb2.Export.SUCCEEDED, "")

        async def nothing_waits() -> bool:
            return cluster.metric("snowlight_storage_exports_open") == 0

        await eventually(nothing_waits)
        assert cluster.metric("snowlight_storage_exports_oldest_seconds") == 0
        assert cluster.metric("snowlight_storage_exports_ended_total", state="succeeded") == 1
    verdict = verify(cluster.data_dir / "evidence" / export.manifest_key, KEY)
    assert verdict.problems == []
    (camera,) = verdict.manifest.cameras
    assert (len(camera.objects), camera.gaps) == (4, ())


async def test_footage_is_not_waited_for_without_end(cluster: Cluster) -> None:
    cluster.storage_settings = {"export_wait_seconds": 1.0}
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("b")).name)
        assert export.state == export_pb2.Export.SUCCEEDED
    manifest = verify(cluster.data_dir / "evidence" / export.manifest_key, KEY).manifest
    assert {gap.cause for gap in manifest.cameras[0].gaps} == {"unknown"}


async def test_a_gap_whose_cause_is_told_is_not_waited_for(cluster: Cluster) -> None:
    cluster.storage_settings = {"export_wait_seconds": 3600.0}
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("a", end_ms=START_MS + 4 * MINUTE_MS)).name)
        assert export.state == export_pb2.Export.SUCCEEDED
