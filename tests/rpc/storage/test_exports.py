"""An export is a copy that nobody can change, with a manifest that says all, and can be checked offline."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import obstore
import pytest

from services.admin.store_setup.setup import init_stores
from snowlight.access.cluster_key import ClusterKey
from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc, hold_pb2, hold_pb2_grpc, storage_pb2
from snowlight.clock import SystemClock
from snowlight.evidence.manifest import Manifest, parse_manifest, to_ms
from snowlight.evidence.signature import evidence_key
from snowlight.evidence.verification import verify
from snowlight.object_store import EvidenceSettings, open_store
from tests.parts.minio import MinioServer
from tests.rpc.storage.conftest import CLUSTER_KEY, Cluster
from tests.rpc.storage.footage import gap, segment
from tests.waiting import eventually

DAY_MS, MINUTE_MS = 86_400_000, 60_000
START_MS = SystemClock().now_ms() // MINUTE_MS * MINUTE_MS - 60 * MINUTE_MS
END_MS = START_MS + 4 * MINUTE_MS
OPEN = (export_pb2.Export.PENDING, export_pb2.Export.RUNNING)
KEY = evidence_key(ClusterKey(CLUSTER_KEY))


class KilledError(BaseException):
    """What a step raises where a test has the process end."""


class Desk:
    """Calls exports and holds of a storage that runs."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.exports: export_pb2_grpc.ExportsAsyncStub = export_pb2_grpc.ExportsStub(channel)
        self.holds: hold_pb2_grpc.HoldsAsyncStub = hold_pb2_grpc.HoldsStub(channel)

    async def create(self, *uids: str, request_id: str = "", **fields: Any) -> export_pb2.Export:
        wanted: dict[str, Any] = {
            "camera_uids": uids,
            "start_ms": START_MS + 30_000,
            "end_ms": END_MS,
            "case_number": "A4213-2026-0117",
            "reason": "theft at the east gate",
            "created_by": "principals/li",
            **fields,
        }
        request = export_pb2.CreateExportRequest(export=export_pb2.Export(**wanted), request_id=request_id)
        return await self.exports.CreateExport(request)

    async def get(self, name: str) -> export_pb2.Export:
        return await self.exports.GetExport(export_pb2.GetExportRequest(name=name))

    async def ended(self, name: str) -> export_pb2.Export:
        """The export once it is done."""
        found = await self.get(name)

        async def is_done() -> bool:
            nonlocal found
            found = await self.get(name)
            return found.state not in OPEN

        await eventually(is_done)
        return found

    async def held(self) -> set[str]:
        """The exports that hold footage now."""
        answer = await self.holds.ListHolds(hold_pb2.ListHoldsRequest())
        return {hold.created_by for hold in answer.holds if hold.created_by.startswith("exports/")}

    async def lets_go(self) -> None:
        """Return once no export holds footage."""

        async def is_free() -> bool:
            return not await self.held()

        await eventually(is_free)


def put_minute(cluster: Cluster, uid: str, minute: int) -> storage_pb2.Segment:
    """An object in the store, and what ingest would commit of it."""
    message = segment(uid, START_MS + minute * MINUTE_MS, MINUTE_MS, sequence=minute)
    content = (f"{uid}{minute}".encode() * message.size)[: message.size]
    obstore.put(open_store(cluster.store, cluster.data_dir), message.key, content)
    message.sha256 = sha256(content).digest()
    return message


@asynccontextmanager
async def storage_with_footage(
    cluster: Cluster, reached: Callable[[str], None] = lambda _step: None
) -> AsyncIterator[Desk]:
    """Minutes 0, 1 and 3 of "a", of which minute 2 was lost, and minute 2 of "b"."""
    for uid in ("a", "b"):
        await cluster.registry.put(uid, retention_days=30, created_ms=START_MS - DAY_MS)
    messages = [put_minute(cluster, *each) for each in (("a", 0), ("a", 1), ("a", 3), ("b", 2))]
    lost = gap("a", START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS, "camera_offline")
    cluster.reached = reached
    async with cluster.ingest(), cluster.storage() as storage, cluster.channel() as channel:
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=1, from_ms=START_MS))
        await storage.CommitSegments(
            storage_pb2.CommitSegmentsRequest(shard=0, segments=messages, gaps=[lost])
        )
        desk = Desk(channel)

        async def cameras_are_known() -> bool:
            wanted = hold_pb2.Hold(
                camera_uid="b", start_ms=START_MS, end_ms=END_MS, case_number="0", reason="0", created_by="0"
            )
            try:
                held = await desk.holds.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted))
            except grpc.aio.AioRpcError:
                return False
            await desk.holds.ReleaseHold(
                hold_pb2.ReleaseHoldRequest(name=held.name, released_by="1", reason="1")
            )
            return True

        await eventually(cameras_are_known)
        yield desk


@asynccontextmanager
async def empty_storage(cluster: Cluster) -> AsyncIterator[Desk]:
    """Storage that knows neither camera nor footage."""
    async with cluster.storage(), cluster.channel() as channel:
        await channel.channel_ready()
        yield Desk(channel)


@pytest.fixture
def evidence_folder(cluster: Cluster) -> Path:
    return cluster.data_dir / "evidence"


def read_manifest(folder: Path, export: export_pb2.Export) -> Manifest:
    return parse_manifest((folder / export.manifest_key).read_bytes())


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


async def test_an_export_goes_on_after_a_crash_at_each_step(cluster: Cluster, evidence_folder: Path) -> None:
    crashes = iter(["export.copy", "export.copy", "export.manifest"])
    awaited: list[str] = [next(crashes)]

    def reached(step: str) -> None:
        if awaited and step == awaited[0]:
            awaited.pop()
            raise KilledError

    name = ""
    for _ in range(3):
        with pytest.raises(BaseExceptionGroup):
            async with storage_with_footage(cluster, reached) as desk:
                name = (await desk.create("a", request_id="once")).name
                await asyncio.sleep(60)  # until the crash
        awaited += [step] if (step := next(crashes, "")) else []
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended(name)
        assert export.state == export_pb2.Export.SUCCEEDED
        exports = await desk.exports.ListExports(export_pb2.ListExportsRequest())
        assert [each.name for each in exports.exports] == [name], "the same request makes one export"
        await desk.lets_go()
    assert verify(evidence_folder / export.manifest_key, KEY).problems == []


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


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"camera_uids": []}, "camera_uids"),
        ({"camera_uids": ["a", "a"]}, "camera_uids"),
        ({"camera_uids": ["A/../b"]}, "camera_uids[0]"),
        ({"start_ms": 0}, "start_ms"),
        ({"end_ms": START_MS}, "end_ms"),
        ({"end_ms": START_MS + 400 * DAY_MS}, "end_ms"),
        ({"start_ms": START_MS - 365 * DAY_MS}, "end_ms"),
        ({"case_number": " "}, "case_number"),
        ({"reason": ""}, "reason"),
        ({"created_by": ""}, "created_by"),
        ({"reason": "x" * 2001}, "reason"),
    ],
)
async def test_a_malformed_wish_names_its_field(cluster: Cluster, fields: dict[str, Any], field: str) -> None:
    async with empty_storage(cluster) as desk:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await desk.create("a", **fields)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert field in (refused.value.details() or "") or field in str(refused.value.trailing_metadata())


async def test_nobody_exports_an_unknown_camera_or_reads_an_unknown_export(cluster: Cluster) -> None:
    async with empty_storage(cluster) as desk:
        for call in (desk.create("nobody"), desk.get("exports/0-0"), desk.get("exports/../x")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_pages_of_exports_are_newest_first(cluster: Cluster) -> None:
    async with storage_with_footage(cluster) as desk:
        names = [(await desk.create("a")).name for _ in range(3)]
        first = await desk.exports.ListExports(export_pb2.ListExportsRequest(page_size=2))
        second = await desk.exports.ListExports(
            export_pb2.ListExportsRequest(page_size=2, page_token=first.next_page_token)
        )
        assert [each.name for each in (*first.exports, *second.exports)] == names[::-1]
        assert second.next_page_token == ""


async def test_evidence_in_a_bucket_is_locked_and_whole(
    postgres_url: str, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, minio_server.store("evidence-of-a-village"))
    await asyncio.to_thread(init_stores, cluster.store, EvidenceSettings(), tmp_path, None)
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("a", "b")).name)
        assert export.error == ""
        assert export.immutable
    bucket = EvidenceSettings().store(cluster.store, tmp_path).bucket
    assert bucket is not None
    taken = tmp_path / "taken"
    client = minio_server.client()
    for each in client.list_objects(bucket_name=bucket, prefix="exp/", recursive=True):
        target = taken / str(each.object_name)
        client.fget_object(bucket_name=bucket, object_name=str(each.object_name), file_path=str(target))
        kept = client.get_object_retention(bucket_name=bucket, object_name=str(each.object_name))
        assert kept is not None
        assert kept.mode == "COMPLIANCE"
        assert abs(kept.retain_until_date.timestamp() * 1000 - export.retain_until_ms) < 1000
    verdict = verify(taken / export.manifest_key, KEY)
    assert verdict.problems == []
    assert verdict.manifest.immutable


async def test_an_evidence_bucket_without_lock_is_refused(
    postgres_url: str, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, minio_server.store("unlocked-village"))
    for bucket in ("unlocked-village", "unlocked-village-evidence"):
        minio_server.client().make_bucket(bucket_name=bucket)
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("a")).name)
        assert export.state == export_pb2.Export.FAILED
        assert "init-store" in export.error
