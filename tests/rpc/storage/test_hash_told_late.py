"""What was found in its store before it was committed learns from the commit what only its writer knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from services.storage.tables import segments
from snowlight.api.storage.v1 import export_pb2, storage_pb2
from snowlight.evidence.verification import verify
from tests.rpc.storage.bucket import database, put, rows
from tests.rpc.storage.committing import DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.exporting import KEY, Desk
from tests.rpc.storage.objects import Footage, footage
from tests.rpc.storage.packing import close
from tests.rpc.storage.rebuilding import rebuild
from tests.rpc.storage.recorded_days import MINUTE_MS, PACKED_MS, YESTERDAY_MS, minutes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from tests.rpc.storage.conftest import Cluster

COUNT = 10


@pytest.fixture
async def storage(cluster: Cluster) -> AsyncIterator[Storage]:
    await cluster.registry.put("cam", retention_days=30, created_ms=PACKED_MS)
    async with cluster.ingest(), cluster.storage() as stub:
        await open_epoch(stub, 1)
        yield stub


async def listed(storage: Storage, there: list[Footage], *, bare: bool = False) -> list[storage_pb2.Segment]:
    start_ms, end_ms = there[0].segment.start_ms, there[-1].segment.start_ms + MINUTE_MS
    request = storage_pb2.ListSegmentsRequest(
        camera_uid="cam", start_ms=start_ms, end_ms=end_ms, without_fragments=bare
    )
    return list((await storage.ListSegments(request)).segments)


async def test_what_a_rebuild_found_first_is_exported_with_its_committed_hash(
    cluster: Cluster, storage: Storage
) -> None:
    there = minutes("cam", YESTERDAY_MS, COUNT)
    told = [each.segment for each in there]
    await put(cluster, *there)
    await rebuild(cluster, "default")
    assert await rows(cluster, "segments", "sha256") == [(b"",)] * COUNT
    assert await commit(storage, *told) == [DUPLICATE] * COUNT
    assert await listed(storage, there) == told
    async with cluster.channel() as channel:
        desk = Desk(channel)
        wish = await desk.create("cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + COUNT * MINUTE_MS)
        export = await desk.ended(wish.name)
    assert export.state == export_pb2.Export.SUCCEEDED
    manifest = verify(cluster.data_dir / "evidence" / export.manifest_key, KEY).manifest
    assert [each.committed_sha256 for each in manifest.cameras[0].objects] == [
        each.sha256.hex() for each in told
    ]


async def test_an_older_epoch_tells_its_hashes_too(cluster: Cluster, storage: Storage) -> None:
    there = minutes("cam", YESTERDAY_MS, COUNT)
    await put(cluster, *there)
    await rebuild(cluster, "default")
    await open_epoch(storage, 2)
    refused = footage("cam", YESTERDAY_MS + MINUTE_MS // 2, sequence=77).segment
    told = [each.segment for each in there]
    assert await commit(storage, refused, *told) == [SUPERSEDED, *[DUPLICATE] * COUNT]
    assert await listed(storage, there) == told


async def test_a_packed_day_learns_the_hashes_of_what_was_packed_without(
    cluster: Cluster, storage: Storage
) -> None:
    there = minutes("cam", PACKED_MS, COUNT)
    told = [each.segment for each in there]
    await put(cluster, *there)
    await rebuild(cluster, "default")
    assert len(await listed(storage, there)) == COUNT, "whoever asks has the fragments looked up"
    await close(cluster)
    assert await rows(cluster, "segments") == []
    assert {each.sha256 for each in await listed(storage, there)} == {b""}
    assert await commit(storage, *told[:5]) == [DUPLICATE] * 5
    assert await commit(storage, *told) == [DUPLICATE] * COUNT
    assert await listed(storage, there) == told
    await close(cluster)
    assert await rows(cluster, "segments") == []
    assert await listed(storage, there) == told


async def test_what_is_told_counts_for_the_same_object_alone_and_once(
    cluster: Cluster, storage: Storage
) -> None:
    there = minutes("cam", YESTERDAY_MS, 3)
    await put(cluster, *there)
    await rebuild(cluster, "default")
    first, other, doomed = (each.segment for each in there)
    assert await commit(storage, first) == [DUPLICATE]
    again = storage_pb2.Segment()
    again.CopyFrom(first)
    again.sha256 = bytes(range(32))
    other.size += 1
    async with database(cluster) as opened, opened.write() as connection:
        await connection.execute(
            sa.update(segments).where(segments.c.start_ms == doomed.start_ms).values(doomed=True)
        )
    assert await commit(storage, again, other, doomed) == [DUPLICATE] * 3
    known = await rows(cluster, "segments", "start_ms", "sha256")
    assert known == [(first.start_ms, first.sha256), (other.start_ms, b""), (doomed.start_ms, b"")]
