"""Listings and timelines, over gRPC, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.days import MINUTE_MS
from tests.rpc.storage.footage import START_MS, gap, segment
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from tests.rpc.storage.conftest import Cluster

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


async def starts(storage: Storage, start_ms: int, end_ms: int, *, bare: bool = False) -> list[int]:
    request = storage_pb2.ListSegmentsRequest(
        camera_uid="cam", start_ms=start_ms, end_ms=end_ms, without_fragments=bare
    )
    segments = (await storage.ListSegments(request)).segments
    assert all(each.HasField("fragments") != bare for each in segments)
    return [each.start_ms - START_MS for each in segments]


async def timeline(
    storage: Storage, start_ms: int, end_ms: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
    request = storage_pb2.GetTimelineRequest(camera_uid="cam", start_ms=start_ms, end_ms=end_ms)
    answer = await storage.GetTimeline(request)
    return (
        [(each.start_ms - START_MS, each.end_ms - START_MS) for each in answer.spans],
        [(each.start_ms - START_MS, each.end_ms - START_MS, each.cause) for each in answer.gaps],
    )


async def test_a_range_lists_what_holds_a_part_of_it(storage: Storage) -> None:
    await open_epoch(storage, 1)
    await commit(
        storage,
        segment("cam", START_MS),
        segment("cam", START_MS + 60_500),
        segment("cam", START_MS + 180_000),
        segment("other", START_MS),
    )
    assert await starts(storage, START_MS + 59_999, START_MS + 60_000) == [0]
    assert await starts(storage, START_MS + 60_200, START_MS + 60_300) == [0], "up to its successor"
    assert await starts(storage, START_MS + 60_500, START_MS + 180_000) == [60_500]
    assert await starts(storage, START_MS + 121_000, START_MS + 122_000) == [], "a hole is nobody's"
    assert await starts(storage, START_MS, START_MS + HOUR_MS, bare=True) == [0, 60_500, 180_000]


async def test_a_long_segment_is_found_from_its_end(storage: Storage) -> None:
    await open_epoch(storage, 1)
    await commit(storage, segment("cam", START_MS, HOUR_MS))
    assert await starts(storage, START_MS + HOUR_MS - 10, START_MS + HOUR_MS + 10) == [0]
    assert (await timeline(storage, START_MS + HOUR_MS - 10, START_MS + HOUR_MS))[0] == [
        (HOUR_MS - 10, HOUR_MS)
    ]


async def test_a_timeline_joins_spans_and_tells_causes(storage: Storage) -> None:
    await open_epoch(storage, 1)
    minutes = [segment("cam", START_MS + at * MINUTE_MS, MINUTE_MS - 40) for at in range(60) if at != 30]
    await commit(storage, *minutes, gaps=(gap("cam", START_MS + 30 * MINUTE_MS, START_MS + 31 * MINUTE_MS),))
    assert await timeline(storage, START_MS - HOUR_MS, START_MS + HOUR_MS - 40) == (
        [(0, 30 * MINUTE_MS - 40), (31 * MINUTE_MS, HOUR_MS - 40)],
        [(30 * MINUTE_MS - 40, 31 * MINUTE_MS, "network")],
    )
    assert await timeline(storage, START_MS + 2 * HOUR_MS, START_MS + 3 * HOUR_MS) == (
        [],
        [(2 * HOUR_MS, 3 * HOUR_MS, "unknown")],
    )


async def test_overlapping_segments_are_one_span(storage: Storage) -> None:
    await open_epoch(storage, 2)
    await commit(
        storage,
        segment("cam", START_MS, 10 * MINUTE_MS, epoch=2),
        segment("cam", START_MS + MINUTE_MS, epoch=2),
        segment("cam", START_MS + 10 * MINUTE_MS, epoch=2),
    )
    assert (await timeline(storage, START_MS, START_MS + HOUR_MS))[0] == [(0, 11 * MINUTE_MS)]


async def test_a_timeline_begins_with_the_camera_and_ends_with_it(cluster: Cluster, storage: Storage) -> None:
    created_ms = START_MS - 10 * MINUTE_MS
    await cluster.registry.put("cam", retention_days=10_000, created_ms=created_ms)
    await open_epoch(storage, 1)
    await commit(storage, segment("cam"))

    async def is_known() -> bool:
        return len((await timeline(storage, START_MS - HOUR_MS, START_MS + MINUTE_MS))[1]) > 0

    await eventually(is_known)
    assert await timeline(storage, START_MS - HOUR_MS, START_MS + MINUTE_MS) == (
        [(0, MINUTE_MS)],
        [(-10 * MINUTE_MS, 0, "unknown")],
    )


async def test_nothing_is_missing_in_the_future(storage: Storage, cluster: Cluster) -> None:
    await open_epoch(storage, 1)
    now_ms = cluster.runtime("ingest").clock.now_ms()
    last = segment("cam", now_ms - 5 * MINUTE_MS)
    await commit(storage, last)
    (found,) = (await timeline(storage, now_ms - HOUR_MS, now_ms + HOUR_MS))[1]
    assert found[0] + START_MS == last.start_ms + MINUTE_MS
    assert abs(found[1] + START_MS - now_ms) < MINUTE_MS


async def test_a_day_and_a_month_come_in_one_answer(storage: Storage) -> None:
    await open_epoch(storage, 1)
    for day in range(3):
        minutes = [segment("cam", START_MS + day * DAY_MS + at * MINUTE_MS) for at in range(1440)]
        for minute in minutes:
            del minute.fragments.duration_ms[1:], minute.fragments.size[1:], minute.fragments.flags[1:]
            minute.fragments.duration_ms[0] = MINUTE_MS
        await commit(storage, *minutes[:720])
        await commit(storage, *minutes[720:])
    assert len(await starts(storage, START_MS, START_MS + DAY_MS)) == 1440
    assert (await timeline(storage, START_MS, START_MS + 30 * DAY_MS))[0] == [(0, 3 * DAY_MS)]


@pytest.mark.parametrize(
    ("uid", "start_ms", "end_ms", "field"),
    [
        ("", 0, 1, "camera_uid"),
        ("cam", -1, 1, "start_ms"),
        ("cam", 5, 5, "end_ms"),
        ("cam", 0, 33 * DAY_MS, "end_ms"),
        ("cam", (1 << 63) - 2, (1 << 63) - 1, "end_ms"),
    ],
)
async def test_a_malformed_range_names_the_field(
    storage: Storage, uid: str, start_ms: int, end_ms: int, field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/storage"):
        await storage.GetTimeline(
            storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        )
    assert raised.value.field == field
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/storage"):
        await storage.ListSegments(
            storage_pb2.ListSegmentsRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        )
    assert raised.value.field == field
