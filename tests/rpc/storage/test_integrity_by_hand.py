"""A county's integrity against a count of every second that shares nothing with the product."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.days import Town, open_town
from tests.unit.storage import second_by_second as slow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CAMERAS = 4
FIRST, LAST = "2024-03-05", "2024-03-06"
CAUSES = ("camera_offline", "network", "spool_full", "store_outage")
SCHEDULES: tuple[tuple[slow.Hours, ...], ...] = (
    (),
    (slow.Hours(frozenset(range(7)), 6 * 60, 22 * 60),),
    (slow.Hours(frozenset({1}), 20 * 60, 4 * 60), slow.Hours(frozenset({2}), 12 * 60, 1440)),
)


@pytest.fixture
async def town(cluster: Cluster) -> AsyncIterator[Town]:
    async with open_town(cluster) as opened:
        yield opened


async def test_a_countys_integrity_is_what_its_cameras_seconds_come_to(town: Town) -> None:
    chance = random.Random(421381)
    scheduled = 0
    missing: Counter[str] = Counter()
    for number in range(CAMERAS):
        each_scheduled, each_missing = await past_of(town, f"cam-{number}", chance)
        scheduled += each_scheduled
        missing += each_missing
    days = [await town.integrity("regions/421381", day) for day in (FIRST, LAST)]
    assert sum(day.scheduled_ms for day in days) == scheduled * 1000
    told = Counter({each.cause: 0 for day in days for each in day.missing})
    for day in days:
        told.update({each.cause: each.ms // 1000 for each in day.missing})
    assert told == missing
    assert sum(day.recorded_ms for day in days) == (scheduled - missing.total()) * 1000


async def past_of(town: Town, uid: str, chance: random.Random) -> tuple[int, Counter[str]]:
    """Give a camera a past. Returns its scheduled seconds, and those missing by cause."""
    start, end = town.at(f"{FIRST} 00:00") // 1000, town.at(f"{LAST} 00:00") // 1000 + 86_400
    created = start + chance.randrange(-7200, 7200)
    versions = [slow.Version(created, True, chance.choice(SCHEDULES))]
    versions += [
        slow.Version(since, chance.random() < 0.7, chance.choice(SCHEDULES))
        for since in sorted(chance.sample(range(created + 1, end), 2))
    ]
    for version in versions:
        schedule = "; ".join(map(str, version.hours))
        await town.tell(uid, created * 1000, version.since * 1000, schedule=schedule, enabled=version.enabled)

    at, recorded, rows = start - 600, set[int](), list[slow.Row]()
    while at < end + 600:
        length = chance.choice([30, 600, 3600, 20_000])
        await town.record(uid, at * 1000, (at + length) * 1000)
        recorded |= {*range(at, at + length)}
        hole = chance.choice([0, 1, 2, 90, 4000])
        if hole and chance.random() < 0.8:
            began = at + length + chance.randrange(hole)
            row = slow.Row(began, chance.choice([0, at + length + hole]), chance.choice(CAUSES))
            rows.append(row)
            await town.miss(uid, row.start * 1000, row.end * 1000, row.cause)
        at += length + hole

    lost = slow.lost(range(created, end + 86_400), recorded, rows)
    due = [
        second for second in range(max(start, created), end) if slow.is_scheduled(second, versions, town.zone)
    ]
    return len(due), Counter(lost[second] for second in due if second in lost)
