"""A hold races the sweeper a thousand times, and what is held is never deleted.

Hypothesis makes the schedules: what footage there is, which holds and policies come, and at which of the
sweeper's steps. Each then runs against sweepers that go on meanwhile, on a real database. What became of it
is read from tables and folder by `witness`, and judged by what each action promised when it was answered.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.storage.holds.hold import Hold
from services.storage.retention.policy import Policy
from services.storage.segment import Segment
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import BY, DAY_MS, MINUTE_MS, NOON_MS, Yard, minutes, open_yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOTS = 8
"""Objects of a schedule, numbered by age: the oldest first."""
STEPS = 14
POLICY_DAYS = (5, 15, 60)
"""They come and go. All of the footage is older than 5 days, all or half of it than 15, none than 60."""


@dataclass(frozen=True)
class Action:
    """What somebody asks for, some turns of the loop after a sweeper has come to its nth step."""

    kind: str
    at_step: int
    turns: int
    slots: tuple[int, int]
    days: int


@dataclass(frozen=True)
class Schedule:
    """One race."""

    packed: frozenset[int]
    """Slots that lie in packed days; the others are rows."""
    first_ms: int
    sweepers: int
    actions: tuple[Action, ...]


actions = st.builds(
    Action,
    kind=st.sampled_from(["hold", "hold", "hold", "short_hold", "release", "policy"]),
    at_step=st.integers(0, STEPS),
    turns=st.integers(0, 30),
    slots=st.tuples(st.integers(0, SLOTS - 1), st.integers(0, SLOTS - 1)).map(
        lambda pair: (min(pair), max(pair))
    ),
    days=st.sampled_from(POLICY_DAYS),
)
schedules = st.builds(
    Schedule,
    packed=st.frozensets(st.integers(0, SLOTS - 1)),
    first_ms=st.sampled_from([NOON_MS - 20 * DAY_MS, NOON_MS - 15 * DAY_MS - SLOTS // 2 * MINUTE_MS]),
    sweepers=st.integers(1, 2),
    actions=st.lists(actions, min_size=1, max_size=4).map(tuple),
)


class Steps:
    """Counts the steps that sweepers take, and lets others wait for one."""

    def __init__(self) -> None:
        self.taken = 0
        self._waiting: list[tuple[int, asyncio.Event]] = []

    def reached(self, _step: str) -> None:
        self.taken += 1
        for at, event in self._waiting:
            if self.taken > at:
                event.set()

    async def wait(self, at: int) -> None:
        event = asyncio.Event()
        if at:
            self._waiting.append((at, event))
            await event.wait()

    def end(self) -> None:
        """No further step is taken: whoever still waits goes on."""
        for _, event in self._waiting:
            event.set()


@dataclass
class Race:
    """One schedule, run."""

    yard: Yard
    uid: str
    schedule: Schedule
    steps: Steps = field(default_factory=Steps)
    holds: list[Hold] = field(default_factory=list)
    released: set[str] = field(default_factory=set)
    shortest_days: int = 15

    async def run(self) -> list[Segment]:
        """Returns the footage there was."""
        await self.yard.policies.set("default", Policy(15), "")
        await self.yard.register(self.uid)
        slots = minutes(self.uid, self.schedule.first_ms, SLOTS)
        await self.yard.pack(*(slots[at] for at in self.schedule.packed))
        await self.yard.record(*(slots[at] for at in range(SLOTS) if at not in self.schedule.packed))
        self.yard.settings["sweep_batch"] = 2
        async with asyncio.TaskGroup() as tasks:
            acting = [tasks.create_task(self._act(action)) for action in self.schedule.actions]
            async with asyncio.TaskGroup() as sweeping:
                for _ in range(self.schedule.sweepers):
                    sweeper = self.yard.new_sweeper(self.steps.reached).sweeper
                    sweeping.create_task(sweeper.sweep())
            self.steps.end()
            await asyncio.wait(acting)
        await self.yard.new_sweeper().sweeper.sweep()
        return slots

    async def _act(self, action: Action) -> None:
        await self.steps.wait(action.at_step)
        for _ in range(action.turns):
            await asyncio.sleep(0)
        first, last = action.slots
        window = (
            self.schedule.first_ms + first * MINUTE_MS + 1,
            self.schedule.first_ms + last * MINUTE_MS + 2,
        )
        match action.kind:
            case "hold":
                self.holds.append(await self.yard.hold(self.uid, *window))
            case "short_hold":  # it is over when the race is judged, so that nothing is expected of it
                await self.yard.hold(self.uid, *window, expire_ms=NOON_MS - 1)
            case "release" if self.holds:
                hold = self.holds[0]
                self.released.add(hold.id)
                await self.yard.holds.release(hold.id, "police/li", "returned")
                assert hold.created_by == BY
            case "policy":
                self.shortest_days = min(self.shortest_days, action.days)
                await self.yard.policies.set("default", Policy(action.days), "")


async def judge(race: Race, slots: list[Segment], witness: Witness) -> None:
    """Every promise was kept."""
    uid = race.uid
    known, there = await witness.known_starts(uid), witness.starts_of_objects(uid)
    assert known <= there, "people are told of nothing that is gone"
    kept: set[int] = set()
    for hold in race.holds:
        if hold.id in race.released:
            continue
        for slot in slots:
            if slot.start_ms < hold.end_ms and hold.start_ms < slot.start_ms + MINUTE_MS:
                begin, end = max(slot.start_ms, hold.start_ms), min(slot.start_ms + MINUTE_MS, hold.end_ms)
                gone = any(span.start_ms <= begin and end <= span.end_ms for span in hold.missing)
                if gone:
                    assert slot.start_ms not in known, "what was said to be missing is"
                else:
                    kept.add(slot.start_ms)
    assert kept <= known, "what is held is there"
    (days,) = {row[0] for row in await witness.query("SELECT kept_days FROM cameras")}
    young = {
        slot.start_ms for slot in slots if slot.start_ms + MINUTE_MS > NOON_MS - race.shortest_days * DAY_MS
    }
    assert young <= known, "what no policy let expire is there"
    unexpired = {slot.start_ms for slot in slots if slot.start_ms + MINUTE_MS > NOON_MS - days * DAY_MS}
    assert known <= kept | unexpired, "nothing else lives on"
    assert there == known
    assert not [row for row in await witness.rows() if row.tombstone_ms is not None]


async def clear(yard: Yard) -> None:
    """Nothing of this race is in the next one."""
    async with yard.database.write() as connection:
        for table in (
            "segments",
            "packed_days",
            "holds",
            "cameras",
            "camera_versions",
            "outbox",
            "store_usage",
        ):
            await connection.execute(sa.text(f"DELETE FROM {table}"))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "races"), [("sqlite", 1000), ("postgres", 150)])
def test_a_hold_racing_the_sweeper(
    kind: str, races: int, runner: asyncio.Runner, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'race.db'}"
    if kind == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = server.url(runner.run(server.create_database()))
    numbers = count()
    opened = open_yard(url, tmp_path)
    yard = runner.run(opened.__aenter__())
    witness = Witness(url, tmp_path / "footage")

    @settings(
        max_examples=races,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(schedule=schedules)
    def race(schedule: Schedule) -> None:
        async def run() -> None:
            each = Race(yard, f"cam{next(numbers)}", schedule)
            try:
                await judge(each, await each.run(), witness)
            finally:
                await clear(yard)

        runner.run(run())

    try:
        race()
    finally:
        runner.run(opened.__aexit__(None, None, None))
