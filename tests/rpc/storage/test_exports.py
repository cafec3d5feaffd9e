"""An export is a copy with a manifest that says all, and can be checked offline."""

import asyncio
from pathlib import Path

import grpc
import obstore
import pytest

from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import SystemClock
from snowlight.evidence.manifest import to_ms
from snowlight.evidence.verification import verify
from snowlight.object_store import open_store
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import DAY_MS, KEY, MINUTE_MS, OPEN, START_MS, storage_with_footage
from tests.rpc.storage.footage import segment


@pytest.fixture
def evidence_folder(cluster: Cluster) -> Path:
    return cluster.data_dir / "evidence"


async def test_an_export_holds_the_footage_and_says_what_is_missing(
    cluster: Cluster, evidence_folder: Path
) -> None:
    async with storage_with_footage(cluster) as desk:
        created = await desk.create("a", "b")
        assert created.state in OPEN
        export = await desk.ended(created.name)
        assert export.error == ""
        assert export.state == export_pb2.Export.SUCCEEDED
        assert not export.immutable, "a folder enforces nothing, and says so"
        assert export.bytes_done == export.bytes_total > 0
        await desk.lets_go()
    verdict = verify(evidence_folder / export.manifest_key, KEY)
    assert verdict.problems == []
    manifest = verdict.manifest
    assert (manifest.case_number, manifest.created_by) == ("A4213-2026-0117", "principals/li")
    first, second = manifest.cameras
    assert [to_ms(each.start) for each in first.objects] == [
        START_MS + minute * MINUTE_MS for minute in (0, 1, 3)
    ]
    assert [(gap.cause, to_ms(gap.start), to_ms(gap.end)) for gap in first.gaps] == [
        ("camera_offline", START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS)
    ]
    assert [gap.cause for gap in second.gaps] == ["unknown", "unknown"]


async def test_attempts_at_one_moment_make_one_export(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk:
        made = await asyncio.gather(*(desk.create("a", request_id="once") for _ in range(8)))
        assert len({export.name for export in made}) == 1
        assert (await desk.ended(made[0].name)).state == export_pb2.Export.SUCCEEDED
        await desk.lets_go()


async def test_time_before_a_camera_was_registered_is_told_as_such(
    cluster: Cluster, evidence_folder: Path
) -> None:
    async with storage_with_footage(cluster) as desk:
        before_ms = START_MS - DAY_MS - 10 * MINUTE_MS
        export = await desk.ended((await desk.create("a", start_ms=before_ms)).name)
    verdict = verify(evidence_folder / export.manifest_key, KEY)
    assert verdict.problems == []
    first, second = verdict.manifest.cameras[0].gaps[:2]
    assert (first.cause, to_ms(first.end)) == ("not_registered", START_MS - DAY_MS)
    assert second.cause == "unknown"


async def test_footage_that_is_not_what_was_recorded_is_no_evidence(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk:
        damaged = segment("a", START_MS + MINUTE_MS, MINUTE_MS, sequence=1)
        obstore.put(open_store(cluster.store, cluster.data_dir), damaged.key, bytes(damaged.size))
        export = await desk.ended((await desk.create("a")).name)
        assert export.state == export_pb2.Export.FAILED
        assert export.error.startswith("export.footage_damaged: ")
        assert damaged.key in export.error
        await desk.lets_go()
        assert cluster.metric("snowlight_storage_exports_ended_total", state="failed") == 1


async def test_a_cancelled_export_stays_so(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk:
        young = SystemClock().now_ms() - 1000
        waiting = await desk.create("a", end_ms=young)
        assert await desk.held() == {waiting.name}, "its window is held as long as it waits"
        cancelled = await desk.exports.CancelExport(export_pb2.CancelExportRequest(name=waiting.name))
        assert cancelled.state == export_pb2.Export.CANCELLED
        assert not await desk.held()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await desk.exports.CancelExport(export_pb2.CancelExportRequest(name=waiting.name))
        assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_pages_of_exports_are_newest_first(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk:
        names = [(await desk.create("a")).name for _ in range(3)]
        first = await desk.exports.ListExports(export_pb2.ListExportsRequest(page_size=2))
        second = await desk.exports.ListExports(
            export_pb2.ListExportsRequest(page_size=2, page_token=first.next_page_token)
        )
        assert [each.name for each in (*first.exports, *second.exports)] == names[::-1]
        assert second.next_page_token == ""
