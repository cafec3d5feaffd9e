"""What a hold tells of its window: what was recorded and deleted, and nothing that never was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.storage.erasure.erasure import Erasure
from services.storage.erasure.repository import ErasureRepository, reaches_into
from services.storage.retention.policy import Policy
from services.storage.retention.repository import RetentionRepository
from services.storage.segment import LedgerGap
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Yard, minutes

if TYPE_CHECKING:
    from services.storage.holds.hold import Hold

LIMIT_MS = NOON_MS - 30 * DAY_MS


async def test_a_hold_tells_what_is_gone_already(yard: Yard) -> None:
    """Deleted footage by what is left of index and ledger: neither in the one nor in the other."""
    await yard.register("cam")
    start_ms = LIMIT_MS - 2 * DAY_MS
    day = minutes("cam", start_ms, 60)
    off = extent(day[10], day[19])
    recorded = [each for each in day if not off[0] <= each.start_ms < off[1]]
    async with yard.database.write() as connection:
        gap = LedgerGap("cam", *off, "camera_offline")
        before = LedgerGap("cam", NOON_MS - 100 * DAY_MS, start_ms - HOUR_MS, "disabled")
        await yard.repository.save_gaps(connection, [gap, before])
    await yard.record(*recorded)
    kept = await yard.hold("cam", day[30].start_ms, day[39].end_ms)
    assert kept.missing == (), "nothing had been deleted yet; where nothing was recorded nothing is missing"
    await yard.sweeper.sweep()
    later = await yard.hold("cam", day[0].start_ms, day[59].end_ms)
    assert [(span.start_ms, span.end_ms) for span in later.missing] == [
        extent(day[0], day[9]),
        extent(day[20], day[29]),
        extent(day[40], day[59]),
    ]
    assert (await yard.holds.get(later.id)).missing == later.missing
    young = minutes("cam", NOON_MS - DAY_MS, 2)
    await yard.record(*young)
    recent = await yard.hold("cam", young[0].start_ms, NOON_MS)
    assert recent.missing == (), "what is not committed yet is not gone"


@pytest.mark.parametrize("packed", [False, True])
async def test_nothing_is_missing_while_a_camera_is_still_offline(yard: Yard, packed: bool) -> None:
    """Its row of the ledger has no end, and the window is old enough for footage to be deleted."""
    await register_droppable(yard, "cam")
    off_ms = NOON_MS - 5 * DAY_MS
    await (yard.pack if packed else yard.record)(*minutes("cam", off_ms - HOUR_MS, 60))
    await miss(yard, off_ms, 0)
    assert told(await yard.hold("cam", off_ms + DAY_MS, off_ms + 2 * DAY_MS)) == []
    assert told(await yard.hold("cam", off_ms - HOUR_MS, NOON_MS)) == []


@pytest.mark.parametrize("packed", [False, True])
async def test_a_row_left_open_explains_nothing_after_footage_came_again(yard: Yard, packed: bool) -> None:
    await register_droppable(yard, "cam")
    off_ms = NOON_MS - 5 * DAY_MS
    keep = yard.pack if packed else yard.record
    await keep(*minutes("cam", off_ms - HOUR_MS, 60), *minutes("cam", off_ms + HOUR_MS, 60))
    await miss(yard, off_ms - 10 * HOUR_MS, 0)
    await miss(yard, off_ms, 0)
    hold = await yard.hold("cam", off_ms, off_ms + 3 * HOUR_MS)
    assert told(hold) == [(off_ms + 2 * HOUR_MS, off_ms + 3 * HOUR_MS)]


async def test_a_row_left_open_explains_nothing_once_later_footage_is_deleted(yard: Yard) -> None:
    await yard.register("cam")
    off_ms = LIMIT_MS - 2 * DAY_MS
    await miss(yard, off_ms, 0)
    await yard.record(*minutes("cam", off_ms + HOUR_MS, 60))
    await yard.sweeper.sweep()
    hold = await yard.hold("cam", off_ms + HOUR_MS, off_ms + 2 * HOUR_MS)
    assert told(hold) == [(off_ms + HOUR_MS, off_ms + 2 * HOUR_MS)]


async def test_what_was_erased_is_missing_and_a_young_hole_before_it_is_not(yard: Yard) -> None:
    await yard.register("cam")
    start_ms = NOON_MS - DAY_MS // 2
    await yard.record(*minutes("cam", start_ms - DAY_MS), *minutes("cam", start_ms, 60))
    erasures = ErasureRepository(yard.database)
    erasure = Erasure("cam", start_ms, start_ms + HOUR_MS, "withdrawn", NOON_MS)
    await erasures.add(erasure)
    retention = RetentionRepository(yard.database)
    gone = await retention.doom_where(reaches_into(erasure), NOON_MS, 60)
    await retention.forget([each for _, each in gone])
    hold = await yard.hold("cam", start_ms - HOUR_MS, NOON_MS)
    assert told(hold) == [(start_ms, start_ms + HOUR_MS)]


async def register_droppable(yard: Yard, uid: str) -> None:
    """A camera of whose footage all that is older than a day may be gone."""
    await yard.policies.set("default", Policy(30, 1), "somebody")
    await yard.register(uid, ownership=camera_pb2.BUSINESS)


async def miss(yard: Yard, start_ms: int, end_ms: int) -> None:
    async with yard.database.write() as connection:
        await yard.repository.save_gaps(connection, [LedgerGap("cam", start_ms, end_ms, "camera_offline")])


def told(hold: Hold) -> list[tuple[int, int]]:
    return [(span.start_ms, span.end_ms) for span in hold.missing]


def extent(first: Any, last: Any) -> tuple[int, int]:
    return first.start_ms, last.start_ms + MINUTE_MS
