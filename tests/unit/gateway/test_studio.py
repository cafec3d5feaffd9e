"""Pictures are made once for all who ask, and no more of them wait than can be waited for."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.snapshot.studio import Studio
from snowlight.errors import DataLossError, ResourceExhaustedError


class Darkroom:
    """Makes pictures when it is told to, and counts them."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.made = 0

    async def make(self) -> bytes:
        self.made += 1
        await self.go.wait()
        return b"jpeg"


async def begun(studio: Studio, *keys: str, room: Darkroom) -> list[asyncio.Task[bytes]]:
    """Tasks that ask for these, once all have begun."""
    tasks = [asyncio.create_task(studio.take(key, room.make)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_who_comes_when_too_many_wait_is_told_when_to_come_again() -> None:
    studio, room = Studio(at_once=1, most_waiting=2, kept=4), Darkroom()
    waiting = await begun(studio, "a", "b", "a", room=room)
    with pytest.raises(ResourceExhaustedError) as refused:
        await studio.take("c", room.make)
    assert (refused.value.code, refused.value.retry_after_s) == ("snapshot.busy", 1)
    room.go.set()
    assert await asyncio.gather(*waiting) == [b"jpeg"] * 3
    assert room.made == 2
    assert await studio.take("c", room.make) == b"jpeg"


async def test_one_who_leaves_takes_the_picture_from_nobody() -> None:
    studio, room = Studio(at_once=1, most_waiting=2, kept=4), Darkroom()
    leaves, stays = await begun(studio, "a", "a", room=room)
    leaves.cancel()
    room.go.set()
    assert await stays == b"jpeg"
    assert room.made == 1


async def test_what_failed_is_tried_again_and_what_was_made_long_ago_is_forgotten() -> None:
    studio, room = Studio(at_once=1, most_waiting=2, kept=2), Darkroom()
    room.go.set()

    async def fail() -> bytes:
        raise DataLossError("snapshot.undecodable")

    with pytest.raises(DataLossError):
        await studio.take("a", fail)
    for key in ("a", "b", "c", "c", "a"):
        assert await studio.take(key, room.make) == b"jpeg"
    assert room.made == 4
