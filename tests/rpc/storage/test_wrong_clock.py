"""A clock that is wrong deletes nothing before its time, and what it has hidden is shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from services.storage.clock_witness import FOLLOWED_SECONDS, STEP_MS, ClockWitness
from services.storage.retention.repository import RetentionRepository
from services.storage.tables import segments
from snowlight.background import running
from snowlight.clock import SystemClock
from snowlight.errors import UnavailableError
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Yard, minutes
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.rpc.storage.witness import Witness

NOW_MS = SystemClock().now_ms()
AHEAD_MS = NOW_MS + 40 * DAY_MS


async def bury(retention: RetentionRepository) -> None:
    await retention.bury(["cam"], AHEAD_MS)


async def doom(retention: RetentionRepository) -> None:
    await retention.doom(
        "default", now_ms=AHEAD_MS, buried_from_ms=0, buried_by_ms=AHEAD_MS, drop=True, limit=10
    )


async def erase(retention: RetentionRepository) -> None:
    await retention.doom_where(segments.c.camera_uid == "cam", AHEAD_MS, 10)


@pytest.mark.parametrize("delete", [bury, doom, erase])
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_nothing_is_deleted_before_it_is_late_enough_by_the_database(
    yard: Yard, witness: Witness, delete: Callable[[RetentionRepository], Awaitable[None]]
) -> None:
    """Also in the moment before the host's duty ends."""
    yard.clock.ms = NOW_MS
    await yard.register("cam")
    young = minutes("cam", NOW_MS - HOUR_MS, 10)
    await yard.record(*young)
    await yard.hold("cam", NOW_MS - HOUR_MS, NOW_MS, expire_ms=NOW_MS + 30 * DAY_MS)
    with pytest.raises(UnavailableError, match=r"clock\.ahead"):
        await delete(RetentionRepository(yard.database))
    assert await witness.known_starts("cam") == {each.start_ms for each in young}


async def test_what_a_wrong_clock_has_buried_is_raised_by_whoever_sweeps_next(yard: Yard) -> None:
    await yard.register("cam")
    await yard.record(*minutes("cam", NOON_MS - HOUR_MS, 10))
    await yard.sweeper.sweep()
    assert await RetentionRepository(yard.database).bury(["cam"], NOON_MS + 40 * DAY_MS) == 10

    async def is_shown() -> bool:
        buried = sa.select(sa.func.count()).where(segments.c.tombstone_ms.is_not(None))
        async with yard.database.read() as connection:
            return await connection.scalar(buried) == 0

    async with running(yard.sweeper.run()):
        await eventually(is_shown)


class StepClock:
    """Two clocks in hand."""

    def __init__(self) -> None:
        self.ms = NOON_MS
        self.seconds = 0.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        self.seconds += seconds


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step_ms", [STEP_MS + 1, 40 * DAY_MS, -HOUR_MS])
async def test_a_step_that_nobody_can_judge_is_followed_once_it_has_lasted(yard: Yard, step_ms: int) -> None:
    clock = StepClock()
    witness = ClockWitness(clock)

    async def told() -> int | None:
        async with yard.database.read() as connection:
            return await witness.now_ms(connection)

    assert await told() == clock.ms
    clock.ms += step_ms
    assert await told() is None
    clock.passes(FOLLOWED_SECONDS - 1)
    assert await told() is None
    clock.passes(1)
    assert await told() == clock.ms


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_step_that_is_set_right_or_is_small_stops_nothing(yard: Yard) -> None:
    clock = StepClock()
    witness = ClockWitness(clock)
    for step_ms, agrees in ((MINUTE_MS // 2, True), (DAY_MS, False), (-DAY_MS, True), (MINUTE_MS, True)):
        clock.ms += step_ms
        async with yard.database.read() as connection:
            assert (await witness.now_ms(connection) is not None) == agrees
