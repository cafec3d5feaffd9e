"""Epochs and commits, over gRPC, on both databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import FailedPreconditionError, InvalidArgumentError
from tests.rpc.storage.committing import COMMITTED, DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.days import MINUTE_MS
from tests.rpc.storage.footage import START_MS, gap, segment

if TYPE_CHECKING:
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage


async def listed(storage: Storage, uid: str = "cam") -> list[storage_pb2.Segment]:
    request = storage_pb2.ListSegmentsRequest(
        camera_uid=uid, start_ms=START_MS - 3_600_000, end_ms=START_MS + 3_600_000
    )
    return list((await storage.ListSegments(request)).segments)


async def test_what_is_committed_is_listed_as_it_was_told(storage: Storage) -> None:
    await open_epoch(storage, 1)
    told = [segment("cam", START_MS + at * MINUTE_MS) for at in range(3)]
    assert await commit(storage, *reversed(told)) == [COMMITTED] * 3
    assert await listed(storage) == told


async def test_a_commit_may_be_repeated(storage: Storage) -> None:
    await open_epoch(storage, 1)
    one, two = segment("cam"), segment("cam", START_MS + MINUTE_MS)
    assert await commit(storage, one, one) == [COMMITTED, DUPLICATE]
    assert await commit(storage, one, two) == [DUPLICATE, COMMITTED]
    assert await listed(storage) == [one, two]


async def test_a_writer_without_an_epoch_is_refused(storage: Storage) -> None:
    with pytest.raises(FailedPreconditionError, match=r"storage\.epoch_unknown"):
        await commit(storage, segment("cam"))
    assert await listed(storage) == []


async def test_an_epoch_never_goes_back(storage: Storage) -> None:
    await open_epoch(storage, 5)
    await open_epoch(storage, 5)
    with pytest.raises(FailedPreconditionError, match=r"storage\.epoch_old"):
        await open_epoch(storage, 4)
    await open_epoch(storage, 4, shard=8)


async def test_an_older_epoch_finishes_its_spool_but_overwrites_nothing(storage: Storage) -> None:
    await open_epoch(storage, 1)
    await open_epoch(storage, 2)
    newer = segment("cam", START_MS + MINUTE_MS, epoch=2)
    assert await commit(storage, newer) == [COMMITTED]
    before = segment("cam", START_MS, epoch=1)
    across = segment("cam", START_MS + 90_000, epoch=1)
    assert await commit(storage, before, across) == [COMMITTED, SUPERSEDED]
    assert await commit(storage, before, across) == [DUPLICATE, SUPERSEDED]
    assert await listed(storage) == [before, newer]


async def test_what_an_old_owner_commits_first_gives_way_to_its_successor(storage: Storage) -> None:
    """Two workers believe they own the camera, and the one that lost it is quicker."""
    await open_epoch(storage, 1)
    await open_epoch(storage, 2)
    before = segment("cam", START_MS, epoch=1)
    across = segment("cam", START_MS + MINUTE_MS, epoch=1)
    assert await commit(storage, before, across) == [COMMITTED, COMMITTED]
    newer = segment("cam", START_MS + MINUTE_MS + 20_000, epoch=2)
    assert await commit(storage, newer, segment("other", START_MS, epoch=2)) == [COMMITTED, COMMITTED]
    assert await listed(storage) == [before, newer]
    assert await commit(storage, across) == [SUPERSEDED]
    assert await commit(storage, newer) == [DUPLICATE]


async def test_late_and_fresh_segments_may_come_in_one_call(storage: Storage) -> None:
    await open_epoch(storage, 2)
    late = segment("cam", START_MS + 30_000, epoch=1)
    fresh = segment("cam", START_MS + MINUTE_MS, epoch=2)
    elsewhere = segment("other", START_MS + 30_000, epoch=1)
    assert await commit(storage, late, fresh, elsewhere) == [SUPERSEDED, COMMITTED, COMMITTED]


async def test_concurrent_commits_of_the_same_segments_write_each_once(storage: Storage) -> None:
    await open_epoch(storage, 2)
    late = [segment("cam", START_MS + at * MINUTE_MS, epoch=1) for at in range(20)]
    fresh = [segment("other", START_MS + at * MINUTE_MS, epoch=2) for at in range(20)]
    answers = await asyncio.gather(
        *(commit(storage, *late, *fresh) for _ in range(4)),
        *(commit(storage, *reversed(fresh)) for _ in range(4)),
    )
    assert sum(answer.count(COMMITTED) for answer in answers) == 40
    assert all(outcome in (COMMITTED, DUPLICATE) for answer in answers for outcome in answer)
    assert await listed(storage) == late
    assert await listed(storage, "other") == fresh


async def test_a_full_batch_is_taken_whole(storage: Storage) -> None:
    await open_epoch(storage, 1)
    batch = [segment(f"cam-{at:04}") for at in range(1000)]
    assert await commit(storage, *batch) == [COMMITTED] * 1000
    batch = [segment(f"cam-{at:04}", START_MS + MINUTE_MS) for at in range(1000)]
    await open_epoch(storage, 2)
    assert await commit(storage, *batch) == [COMMITTED] * 1000


async def test_a_malformed_segment_refuses_the_call_and_names_the_field(storage: Storage) -> None:
    await open_epoch(storage, 1)
    wrong = segment("cam")
    wrong.sequence += 1
    with pytest.raises(InvalidArgumentError) as raised:
        await commit(storage, segment("cam"), wrong)
    assert raised.value.field == "segments[1].key"
    assert await listed(storage) == []


async def test_a_gap_is_renewed_by_its_start(storage: Storage) -> None:
    await open_epoch(storage, 1)
    await commit(storage, segment("cam"), segment("cam", START_MS + 10 * MINUTE_MS))
    start_ms, end_ms = START_MS + MINUTE_MS, START_MS + 10 * MINUTE_MS
    await commit(storage, gaps=(gap("cam", start_ms, 0, "camera_offline"),))
    assert await gaps_of(storage) == [(start_ms, end_ms, "camera_offline")]
    await commit(storage, gaps=(gap("cam", start_ms, end_ms, "auth_failed"),))
    await commit(storage, gaps=(gap("cam", start_ms, 0, "auth_failed"),))
    assert await gaps_of(storage) == [(start_ms, end_ms, "auth_failed")]


async def gaps_of(storage: Storage) -> list[tuple[int, int, str]]:
    request = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=START_MS, end_ms=START_MS + 10 * MINUTE_MS
    )
    return [(each.start_ms, each.end_ms, each.cause) for each in (await storage.GetTimeline(request)).gaps]
