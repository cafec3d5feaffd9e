"""A region's integrity is that of its cameras while they were there."""

from __future__ import annotations

import pytest

from tests.rpc.storage.days import COUNTY, DAY, DAY_MS, HOUR_MS, Town


async def test_a_region_answers_for_a_camera_while_it_was_there(town: Town) -> None:
    await town.register("moved", "2024-03-01 00:00", region="regions/421381101")
    await town.register("moved", "2024-03-01 00:00", f"{DAY} 12:00", region="regions/4313")
    await town.register("stays", "2024-03-01 00:00", region="regions/421381101")
    await town.record("moved", f"{DAY} 06:00", f"{DAY} 15:00")
    await town.record("stays", f"{DAY} 00:00", f"{DAY} 23:00")

    left = await town.integrity(COUNTY, "2024-03")
    taken = await town.integrity("regions/43", "2024-03")
    assert (left.cameras, taken.cameras) == (2, 1)
    assert left.scheduled_ms == 31 * DAY_MS + 4 * DAY_MS + 12 * HOUR_MS
    assert left.recorded_ms == 29 * HOUR_MS
    assert taken.scheduled_ms == 26 * DAY_MS + 12 * HOUR_MS
    assert taken.recorded_ms == 3 * HOUR_MS
    assert (await town.integrity(COUNTY, DAY)).recorded_ms == 29 * HOUR_MS
    assert left.longest_gap_ms == 26 * DAY_MS + HOUR_MS, "of any one camera, over all days"

    alone = [await town.integrity(uid, "2024-03") for uid in ("moved", "stays")]
    assert left.scheduled_ms + taken.scheduled_ms == sum(each.scheduled_ms for each in alone)
    assert left.recorded_ms + taken.recorded_ms == sum(each.recorded_ms for each in alone)
    assert [each.day for each in left.days] == [f"2024-03-{day:02}" for day in range(1, 32)]
    assert sum(each.scheduled_ms for each in left.days) == left.scheduled_ms
    assert sum(each.recorded_ms for each in left.days) == left.recorded_ms
    assert left.days[4].ratio == pytest.approx(29 / 36)
    assert sum(each.ms for each in left.missing) == left.scheduled_ms - left.recorded_ms


async def test_a_region_is_told_from_its_neighbours(town: Town) -> None:
    village = "421381101201"
    for uid, code in (("one", f"{village}-g1"), ("ten", f"{village}-g10"), ("far", "421382")):
        await town.register(uid, "2024-03-01 00:00", region=f"regions/{code}")
    counted = {
        code: (await town.integrity(f"regions/{code}", DAY)).cameras
        for code in (f"{village}-g1", f"{village}-g10", village, "421381", "42", "421382")
    }
    assert list(counted.values()) == [1, 1, 2, 2, 3, 1]
