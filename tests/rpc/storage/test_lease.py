"""A duty that breaks is begun again, here or elsewhere; whose clock is wrong has none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from services.storage import lease as lease_module
from services.storage.clock_witness import ClockWitness
from services.storage.lease import Lease
from snowlight.background import running
from snowlight.clock import SystemClock
from tests.rpc.storage.yard import DAY_MS
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.clock import Clock
    from snowlight.database import Database
    from tests.rpc.storage.yard import Yard


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(lease_module, "BROKEN_SECONDS", 0.1)


def lease_of(database: Database, holder: str, clock: Clock | None = None) -> Lease:
    clock = clock or SystemClock()
    return Lease(database, "duty", holder, clock, ClockWitness(clock))


class BreaksOnce:
    """A duty that breaks the first time it is begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.has_begun = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def run(self) -> None:
        self.begun += 1
        self.has_begun.set()
        if self.begun == 1:
            raise KeyError("what nobody foresaw")
        self.goes_on.set()
        await asyncio.Event().wait()


async def test_a_duty_that_breaks_is_told_and_begun_again(yard: Yard) -> None:
    duty = BreaksOnce()
    with capture_logs() as logs:
        async with running(lease_of(yard.database, "us").run(duty.run)):
            await asyncio.wait_for(duty.goes_on.wait(), 20)
    [told] = [entry for entry in logs if entry["event"] == "duty.broke"]
    assert (told["lease"], repr(told["exc_info"])) == ("duty", "KeyError('what nobody foresaw')")


async def test_another_process_may_have_a_duty_that_broke(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "BROKEN_SECONDS", 3600)
    ours, theirs = BreaksOnce(), BreaksOnce()
    theirs.begun = 1
    async with running(lease_of(yard.database, "us").run(ours.run)):
        await asyncio.wait_for(ours.has_begun.wait(), 20)
        async with running(lease_of(yard.database, "they").run(theirs.run)):
            await asyncio.wait_for(theirs.goes_on.wait(), 20)
    assert ours.begun == 1


class WrongClock(SystemClock):
    """The system's, and so many milliseconds more."""

    wrong_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.wrong_ms


class GoesOn:
    """A duty that knows whether it is being done."""

    def __init__(self) -> None:
        self.is_done = False

    async def run(self) -> None:
        self.is_done = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_done = False


@pytest.mark.parametrize("wrong_ms", [-2 * DAY_MS, 2_500, 40 * DAY_MS])
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_another_process_has_the_duty_of_one_whose_clock_steps(yard: Yard, wrong_ms: int) -> None:
    clock = WrongClock()
    ours, theirs = GoesOn(), GoesOn()

    async def is_ours() -> bool:
        return ours.is_done and not theirs.is_done

    async def is_theirs() -> bool:
        return theirs.is_done and not ours.is_done

    async with running(lease_of(yard.database, "us", clock).run(ours.run)):
        await eventually(is_ours)
        async with running(lease_of(yard.database, "they").run(theirs.run)):
            clock.wrong_ms = wrong_ms
            await eventually(is_theirs)
        clock.wrong_ms = 0
        await eventually(is_ours)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_duty_goes_on_past_a_step_that_nobody_can_judge(yard: Yard) -> None:
    clock, duty = WrongClock(), GoesOn()

    async def is_done() -> bool:
        return duty.is_done

    async def is_left() -> bool:
        return not duty.is_done

    async with running(lease_of(yard.database, "us", clock).run(duty.run)):
        await eventually(is_done)
        clock.wrong_ms = 40 * DAY_MS
        await eventually(is_left)
        clock.wrong_ms = 0
        await eventually(is_done)
