"""Calls of many tasks, put as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.gateway.together import Together
from snowlight.errors import NotFoundError, SnowlightError, UnavailableError


class Peer:
    """Doubles numbers, but 13."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.away = False
        self.called = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def double(self, numbers: Sequence[int]) -> list[int | SnowlightError]:
        self.calls.append(list(numbers))
        self.called.set()
        await self.open.wait()
        if self.away:
            raise UnavailableError("peer.away")
        return [NotFoundError("peer.thirteen") if number == 13 else 2 * number for number in numbers]


async def test_what_is_asked_at_one_moment_is_one_call() -> None:
    peer = Peer()
    together = Together(peer.double, at_once=3)

    async def twice(number: int) -> int:
        return await together.ask(await together.ask(number))

    assert await asyncio.gather(*map(twice, (1, 2, 3))) == [4, 8, 12]
    assert peer.calls == [[1, 2, 3], [2, 4, 6]]
    await asyncio.gather(*map(together.ask, range(4)))
    assert peer.calls[2:] == [[0, 1, 2], [3]]


async def test_what_is_against_one_is_raised_to_its_task_alone() -> None:
    together = Together(Peer().double, at_once=10)
    one, none, other = await asyncio.gather(*map(together.ask, (1, 13, 2)), return_exceptions=True)
    assert (one, other) == (2, 4)
    assert isinstance(none, NotFoundError)


async def test_a_peer_that_is_away_is_so_for_all_and_may_come_back() -> None:
    peer = Peer()
    together = Together(peer.double, at_once=2)
    peer.away = True
    for answer in await asyncio.gather(*map(together.ask, (1, 2, 3)), return_exceptions=True):
        assert isinstance(answer, UnavailableError)
    peer.away = False
    assert await together.ask(1) == 2


@pytest.mark.parametrize("called", [False, True], ids=["before the call", "during the call"])
async def test_nobody_waits_for_a_call_that_was_cancelled(called: bool) -> None:
    peer = Peer()
    peer.open.clear()
    together = Together(peer.double, at_once=10)
    first, second = (asyncio.create_task(together.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    if called:
        await peer.called.wait()
    first.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([first, second])
    assert first.cancelled() and second.cancelled()
    peer.open.set()
    assert await together.ask(3) == 6
