"""The sweeper's steps: what expires goes, wherever it was interrupted, and nothing else does."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from services.storage.retention.policy import Policy
from services.storage.segment import LedgerGap
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Yard, keys, minutes, open_yard

if TYPE_CHECKING:
    from pathlib import Path

    from services.storage.retention.sweeper import Sweeper

LIMIT_MS = NOON_MS - 30 * DAY_MS
"""What ended by then is expired under the default policy."""


class CrashError(Exception):
    """The process dies here."""


async def test_what_ended_by_the_limit_goes_to_the_minute(yard: Yard, witness: Witness) -> None:
    await yard.register("rows")
    await yard.register("days")
    for uid in ("rows", "days"):
        there = minutes(uid, LIMIT_MS - 5 * MINUTE_MS, 10)
        await (yard.record if uid == "rows" else yard.pack)(*there)
    await yard.sweeper.sweep()
    young = set(range(LIMIT_MS, LIMIT_MS + 5 * MINUTE_MS, MINUTE_MS))
    for uid in ("rows", "days"):
        assert await witness.known_starts(uid) == young
        assert witness.starts_of_objects(uid) == young


async def test_a_packed_day_goes_hour_by_hour_and_its_index_object_last(yard: Yard, witness: Witness) -> None:
    day_ms = LIMIT_MS // DAY_MS * DAY_MS
    hours = minutes("cam", day_ms, 24, step_ms=HOUR_MS)
    await yard.register("cam")
    await yard.pack(*hours)
    for hour in (0, 1, 7, 23):
        yard.clock.ms = day_ms + 30 * DAY_MS + hour * HOUR_MS
        await yard.sweeper.sweep()
        assert yard.objects_in() == keys(*hours[hour:])
        assert len(witness.index_objects()) == 1
    yard.clock.ms += HOUR_MS
    await yard.sweeper.sweep()
    assert yard.objects_in() == set()
    assert witness.index_objects() == set()
    assert await witness.query("SELECT * FROM packed_days") == []
    assert await witness.rows() == []


async def test_a_packed_day_waits_until_it_is_worth_reading(database_url: str, tmp_path: Path) -> None:
    """And is never later than that."""
    async with open_yard(database_url, tmp_path, unpack_seconds=900) as yard:
        await yard.register("cam")
        there = minutes("cam", LIMIT_MS - 14 * MINUTE_MS, 30)
        await yard.pack(*there)
        await yard.sweeper.sweep()
        assert yard.objects_in() == keys(*there)
        yard.clock.ms += 2 * MINUTE_MS
        await yard.sweeper.sweep()
        assert yard.objects_in() == keys(*there[16:])


async def test_the_grace_lies_between_tombstone_and_deletion(database_url: str, tmp_path: Path) -> None:
    async with open_yard(database_url, tmp_path, grace_seconds=600) as yard:
        witness = Witness(database_url, tmp_path / "footage")
        await yard.register("cam")
        old = minutes("cam", LIMIT_MS - HOUR_MS, 3)
        await yard.record(*old)
        for waited in (0, 599):
            yard.clock.ms = NOON_MS + waited * 1000
            await yard.sweeper.sweep()
            assert await witness.known_starts("cam") == set(), "nobody is told of it"
            assert yard.objects_in() == keys(*old)
        yard.clock.ms = NOON_MS + 600_000
        await yard.sweeper.sweep()
        assert yard.objects_in() == set()


async def test_policy_changes_back_and_forth(database_url: str, tmp_path: Path) -> None:
    """What is buried comes back with a longer retention, and only that which is not expired under it."""
    async with open_yard(database_url, tmp_path, grace_seconds=600) as yard:
        witness = Witness(database_url, tmp_path / "footage")
        await yard.register("cam")
        there = [minutes("cam", NOON_MS - days * DAY_MS)[0] for days in (60, 20, 10, 5)]
        await yard.record(*there)
        starts = [segment.start_ms for segment in there]
        for days, kept in ((30, 1), (7, 3), (15, 2), (7, 3), (30, 1)):
            await yard.policies.set("default", Policy(days), "")
            await yard.sweeper.sweep()
            assert await witness.known_starts("cam") == set(starts[kept:])
            assert yard.objects_in() == keys(*there), "within the grace all of it can come back"
        await yard.policies.set("class-3", Policy(90), "")
        assert await witness.known_starts("cam") == set(starts), "at once, without a sweep"
        await yard.policies.delete("class-3")
        await yard.sweeper.sweep()
        tombstones = {row.tombstone_ms for row in await witness.rows()}
        assert tombstones == {None, NOON_MS}
        yard.clock.ms += 600_000
        await yard.sweeper.sweep()
        assert yard.objects_in() == keys(*there[1:])


async def test_what_is_doomed_does_not_come_back(yard: Yard, witness: Witness) -> None:
    """Its object may be gone already."""
    await yard.register("cam")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 2)
    await yard.record(*old)
    with pytest.raises(BaseExceptionGroup):
        await crashing(yard, "sweep.delete_object", 1).sweep()
    await yard.policies.set("default", Policy(90), "")
    assert await witness.known_starts("cam") == set()
    await yard.sweeper.sweep()
    assert yard.objects_in() == set()


async def test_unknown_and_deleted_cameras(yard: Yard) -> None:
    """Of the first nothing is known, so nothing goes; the second's footage goes when its time is up."""
    await yard.register("gone")
    await yard.unregister("gone")
    strange, old = minutes("stranger", LIMIT_MS - HOUR_MS), minutes("gone", LIMIT_MS - HOUR_MS)
    young, packed = minutes("gone", LIMIT_MS + HOUR_MS), minutes("stranger", LIMIT_MS - 9 * DAY_MS)
    await yard.record(*strange, *old, *young)
    await yard.pack(*packed)
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(*strange, *young, *packed)


STEPS = (
    "sweep.bury",
    "sweep.unpack",
    "sweep.doom",
    "sweep.delete_object",
    "sweep.delete_row",
    "sweep.delete_index_object",
)


@pytest.mark.parametrize("step", STEPS)
async def test_a_sweep_that_dies_anywhere_is_finished_by_the_next(
    yard: Yard, witness: Witness, step: str
) -> None:
    yard.settings["sweep_batch"] = 3
    await yard.register("cam")
    await yard.register("packed")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 8)
    young = minutes("cam", LIMIT_MS + HOUR_MS, 2)
    packed = minutes("packed", LIMIT_MS - 3 * DAY_MS, 8)
    await yard.record(*old, *young)
    await yard.pack(*packed)
    crashes = 0
    for occurrence in itertools.count(1):
        try:
            await crashing(yard, step, occurrence).sweep()
        except* CrashError:
            crashes += 1
        else:
            break
        await objects_have_rows(yard, witness)
        assert keys(*young) <= yard.objects_in()
    assert crashes > 0, "the step was never taken"
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(*young)
    assert {row.start_ms for row in await witness.rows()} == {segment.start_ms for segment in young}
    assert witness.index_objects() == set()


async def objects_have_rows(yard: Yard, witness: Witness) -> None:
    """Whatever is in the store can be found: the index goes last. Nobody is told of what is gone."""
    for uid in ("cam", "packed"):
        rows = {row.start_ms for row in await witness.rows() if row.uid == uid}
        known = await witness.known_starts(uid)
        there = witness.starts_of_objects(uid)
        assert there <= rows | known
        assert known <= there


async def test_two_sweepers_at_once_only_repeat_each_other(yard: Yard, witness: Witness) -> None:
    yard.settings["sweep_batch"] = 2
    await yard.register("cam")
    await yard.register("packed")
    young = minutes("cam", LIMIT_MS + HOUR_MS, 2)
    await yard.record(*minutes("cam", LIMIT_MS - HOUR_MS, 12), *young)
    await yard.pack(*minutes("packed", LIMIT_MS - 3 * DAY_MS, 12))
    await asyncio.gather(*(yard.new_sweeper().sweeper.sweep() for _ in range(2)))
    assert yard.objects_in() == keys(*young)
    assert await witness.known_starts("cam") == {segment.start_ms for segment in young}
    assert witness.index_objects() == set()


async def test_ledger_rows_go_by_their_own_age(yard: Yard, witness: Witness) -> None:
    await yard.register("cam")
    edge_ms = NOON_MS - 400 * DAY_MS
    gaps = [
        LedgerGap("cam", edge_ms - DAY_MS, edge_ms - 1, "network"),
        LedgerGap("cam", edge_ms - HOUR_MS, edge_ms, "network"),
        LedgerGap("cam", edge_ms - 9 * DAY_MS, 0, "disabled"),
    ]
    async with yard.database.write() as connection:
        await yard.repository.save_gaps(connection, gaps)
    await yard.sweeper.sweep()
    kept = await witness.query("SELECT start_ms FROM gaps")
    assert {row[0] for row in kept} == {gaps[1].start_ms, gaps[2].start_ms}


def crashing(yard: Yard, step: str, occurrence: int) -> Sweeper:
    """A sweeper that dies when it reaches `step` for the nth time."""
    left = itertools.count(occurrence, -1)

    def reached(name: str) -> None:
        if name == step and next(left) == 1:
            raise CrashError(step)

    return yard.new_sweeper(reached).sweeper
