"""A duty that breaks is begun again, here or elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from services.storage import lease as lease_module
from services.storage.lease import Lease
from snowlight.background import running
from snowlight.clock import SystemClock

if TYPE_CHECKING:
    from tests.rpc.storage.yard import Yard

CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(lease_module, "BROKEN_SECONDS", 0.1)


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
        async with running(Lease(yard.database, "duty", "us", CLOCK).run(duty.run)):
            await asyncio.wait_for(duty.goes_on.wait(), 20)
    [told] = [entry for entry in logs if entry["event"] == "duty.broke"]
    assert (told["lease"], repr(told["exc_info"])) == ("duty", "KeyError('what nobody foresaw')")


async def test_another_process_may_have_a_duty_that_broke(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "BROKEN_SECONDS", 3600)
    ours, theirs = BreaksOnce(), BreaksOnce()
    theirs.begun = 1
    async with running(Lease(yard.database, "duty", "us", CLOCK).run(ours.run)):
        await asyncio.wait_for(ours.has_begun.wait(), 20)
        async with running(Lease(yard.database, "duty", "they", CLOCK).run(theirs.run)):
            await asyncio.wait_for(theirs.goes_on.wait(), 20)
    assert ours.begun == 1
