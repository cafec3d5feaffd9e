"""What takes processor time is made a few at a time, once for all who ask, and kept in bounds."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.workshop import Workshop
from snowlight.errors import DataLossError, ResourceExhaustedError


class Bench:
    """Makes ten bytes of each key, once it may."""

    def __init__(self, *, at_once: int = 2, most_waiting: int = 8, kept_bytes: int = 30) -> None:
        self.workshop: Workshop[str] = Workshop(
            "test.busy", "busy", at_once=at_once, most_waiting=most_waiting, kept_bytes=kept_bytes
        )
        self.may = asyncio.Event()
        self.made: list[str] = []

    async def take(self, key: str) -> bytes:
        async def make() -> bytes:
            await self.may.wait()
            return await self.workshop.work(self._work, key)

        return await self.workshop.take(key, make)

    def _work(self, key: str) -> bytes:
        self.made.append(key)
        return key.encode() * 10


async def test_all_who_ask_share_one_piece_of_work() -> None:
    bench = Bench()
    asking = [asyncio.create_task(bench.take("a")) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who goes takes nothing from the others
    bench.may.set()
    assert await asyncio.gather(*asking[1:]) == [b"a" * 10] * 4
    assert await bench.take("a") == b"a" * 10
    assert bench.made == ["a"]


async def test_no_more_is_kept_than_there_is_room_for_and_what_was_used_last_stays() -> None:
    bench = Bench()
    bench.may.set()
    for key in "abcad":
        await bench.take(key)
    bench.made.clear()
    for key in "acdb":
        await bench.take(key)
    assert bench.made == ["b"]


async def test_what_is_forgotten_takes_no_room_and_is_made_anew() -> None:
    bench = Bench()
    bench.may.set()
    for key in "abc":
        await bench.take(key)
    bench.workshop.forget("b")
    await bench.take("d")
    bench.made.clear()
    for key in "acd":
        await bench.take(key)
    assert bench.made == []
    await bench.take("b")
    assert bench.made == ["b"]


async def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    bench = Bench()
    asking = asyncio.create_task(bench.take("a"))
    await asyncio.sleep(0)
    bench.workshop.forget("a")
    bench.may.set()
    assert await asking == b"a" * 10
    await bench.take("a")
    assert bench.made == ["a", "a"]


async def test_too_many_at_once_are_sent_away_for_a_moment() -> None:
    bench = Bench(most_waiting=2)
    asking = [asyncio.create_task(bench.take(key)) for key in "ab"]
    await asyncio.sleep(0)
    with pytest.raises(ResourceExhaustedError, match=r"test\.busy") as refused:
        await bench.take("c")
    assert refused.value.retry_after_s == 1
    asking.append(asyncio.create_task(bench.take("a")))  # waits for work that is under way
    bench.may.set()
    assert await asyncio.gather(*asking) == [b"a" * 10, b"b" * 10, b"a" * 10]
    assert await bench.take("c") == b"c" * 10


async def test_what_fails_is_tried_anew() -> None:
    bench = Bench()
    bench.may.set()

    def fail() -> bytes:
        raise DataLossError("test.broken")

    with pytest.raises(DataLossError):
        await bench.workshop.take("a", lambda: bench.workshop.work(fail))
    assert await bench.take("a") == b"a" * 10
