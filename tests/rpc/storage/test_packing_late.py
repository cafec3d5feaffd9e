"""What is committed to a day that is packed, late or once more, is there once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.rpc.storage.committing import COMMITTED, DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import segment
from tests.rpc.storage.packing import FOOTAGE, answers, close, index_objects, minute, packed, row_count

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("store")


async def test_late_segments_are_merged_into_the_next_generation(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        await close(cluster)
        late = [minute(5), minute(1000)]
        assert await commit(storage, *late) == [COMMITTED] * 2
        before = await answers(storage)
        assert {each.key for each in late} <= {each.key for each in before[1]}
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [(row.objects, row.generation) for row in await packed(cluster)] == [(9, 2), (1, 1)]
        assert await index_objects(cluster) == [str(row.key) for row in await packed(cluster)]
        assert await answers(storage) == before


async def test_a_commit_repeated_into_a_packed_day_is_a_duplicate(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        before = await answers(storage)
        await close(cluster)
        assert await commit(storage, *FOOTAGE) == [DUPLICATE] * len(FOOTAGE)
        assert await row_count(cluster) == 0
        await open_epoch(storage, 2)
        across = segment("cam", FOOTAGE[0].start_ms + 30_000, epoch=1)
        hole = minute(300)
        assert await commit(storage, across, *FOOTAGE, hole) == [
            SUPERSEDED,
            *[DUPLICATE] * len(FOOTAGE),
            COMMITTED,
        ]
        assert await commit(storage, across, hole) == [SUPERSEDED, DUPLICATE]
        assert await row_count(cluster) == 1
        await close(cluster)
        bare = (await answers(storage))[1]
        assert len(bare) == len(FOOTAGE) + 1
        assert [each for each in bare if each.key != hole.key] == before[1]


async def test_segments_repeated_while_their_day_is_packed_are_there_once(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 2)
        footage = [minute(at, epoch=1) for at in range(0, 200, 2)]
        assert await commit(storage, *footage) == [COMMITTED] * len(footage)
        stop = asyncio.Event()

        async def repeat() -> None:
            while not stop.is_set():
                assert await commit(storage, *footage) == [DUPLICATE] * len(footage)

        async def pack() -> None:
            for at in range(1, 20, 2):
                await close(cluster)
                await commit(storage, minute(at, epoch=2))
            stop.set()

        await asyncio.gather(repeat(), repeat(), pack())
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [row.objects for row in await packed(cluster)] == [len(footage) + 10]
