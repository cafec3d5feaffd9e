"""The closer, beside a storage that answers: nobody can tell from an answer whether a day is packed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from tests.rpc.storage.committing import COMMITTED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import gap, segment
from tests.rpc.storage.packing import (
    BEGIN_MS,
    DAY_MS,
    FOOTAGE,
    MINUTE_MS,
    answers,
    close,
    minute,
    packed,
    row_count,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("store")


async def test_answers_are_the_same_before_and_after_packing(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(
            storage, *FOOTAGE, gaps=(gap("cam", BEGIN_MS + 3 * MINUTE_MS, BEGIN_MS + 699 * MINUTE_MS),)
        )
        before = await answers(storage)
        assert len(before[0]) >= len(FOOTAGE)
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [row.objects for row in await packed(cluster)] == [7, 1]
        assert await answers(storage) == before
    async with cluster.storage() as storage:
        assert await answers(storage) == before, "also by a process that has read nothing yet"


async def test_a_storage_closes_its_own_days(cluster: Cluster) -> None:
    async with cluster.storage(pack_after_hours=24) as storage:
        await open_epoch(storage, 1)
        young = segment("cam", SystemClock().now_ms() - DAY_MS)
        await commit(storage, *FOOTAGE, young)

        async def is_packed() -> bool:
            return await row_count(cluster) == 1

        await eventually(is_packed)
        assert len((await answers(storage))[1]) == len(FOOTAGE)
        assert cluster.metric("snowlight_storage_segments_packed_total") == len(FOOTAGE)


async def test_no_answer_misses_or_doubles_a_segment_while_days_are_switched(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        known = [minute(at) for at in range(0, 60, 2)]
        await commit(storage, *known)
        stop = asyncio.Event()
        late: list[storage_pb2.Segment] = []
        asked = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=BEGIN_MS, end_ms=BEGIN_MS + DAY_MS // 2
        )

        async def ask() -> int:
            count = 0
            while not stop.is_set():
                least = [*known, *late]
                keys = [each.key for each in (await storage.ListSegments(asked)).segments]
                assert len(keys) == len(set(keys))
                assert {each.key for each in least} <= set(keys)
                count += 1
            return count

        async def pack_and_commit() -> None:
            for at in range(1, 24, 2):
                await close(cluster)
                assert await commit(storage, minute(at)) == [COMMITTED]
                late.append(minute(at))
            stop.set()

        counts, _ = await asyncio.gather(asyncio.gather(ask(), ask(), ask()), pack_and_commit())
        assert min(counts) > 0
        assert (await packed(cluster))[0].generation == 12, "the day was written anew each time"
