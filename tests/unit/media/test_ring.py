"""Watchers get the init section, then every fragment in order, or are told that they are too slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.ingest.media.live_item import LiveItem
from services.ingest.media.ring import Ring
from snowlight.errors import ResourceExhaustedError, UnavailableError
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment, InitSection


def init(session: int = 1) -> InitSection:
    return InitSection("0" * 8, b"init", "avc1.42c028", 320, 180, session, 0, 2000, 562)


def fragment(number: int, size: int = 100, every: int = 4) -> Fragment:
    return Fragment(
        number // every,
        number % every,
        number * 500,
        500,
        number % every == 0,
        False,
        (bytes([number % 256]) * size,),
    )


def filled(count: int, cap: int = 100_000, size: int = 100) -> Ring:
    ring = Ring(cap)
    ring.start(init())
    for number in range(count):
        ring.append(fragment(number, size))
    return ring


async def take(watcher: AsyncIterator[LiveItem], count: int) -> list[InitSection | Fragment]:
    return [(await asyncio.wait_for(anext(watcher), 5)).event for _ in range(count)]


async def test_a_watcher_starts_at_the_last_key_frame_and_follows() -> None:
    ring = filled(6)
    watcher = ring.subscribe()
    assert await take(watcher, 3) == [init(), fragment(4), fragment(5)]
    waiting = asyncio.create_task(take(watcher, 1))
    await asyncio.sleep(0)
    ring.append(fragment(6))
    assert await waiting == [fragment(6)]


async def test_a_watcher_that_goes_away_while_it_waits_leaves_nothing_behind() -> None:
    ring = filled(5)
    watcher = ring.subscribe()
    await take(watcher, 2)
    waiting = asyncio.create_task(take(watcher, 1))
    async with asyncio.timeout(5):
        while not ring.waiting:  # noqa: ASYNC110 - the ring tells nobody
            await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert ring.waiting == 0


async def test_a_watcher_with_backlog_gets_all_that_is_held() -> None:
    assert await take(filled(6).subscribe(backlog=True), 7) == [init(), *map(fragment, range(6))]


async def test_a_new_init_section_comes_before_its_first_fragment() -> None:
    ring = filled(5)
    watcher = ring.subscribe()
    await take(watcher, 2)
    ring.start(init(2))
    ring.append(fragment(8))
    assert await take(watcher, 2) == [init(2), fragment(8)]


async def test_a_slow_watcher_is_cut_off() -> None:
    ring = filled(5, cap=1000)
    watcher = ring.subscribe()
    await take(watcher, 1)
    for number in range(5, 40):
        ring.append(fragment(number))
    with pytest.raises(ResourceExhaustedError) as caught:
        await take(watcher, 1)
    assert caught.value.code == "live.too_slow"


async def test_there_is_nothing_to_watch_without_a_picture() -> None:
    ring = filled(5)
    ring.stop()
    for empty in (Ring(), ring):
        with pytest.raises(UnavailableError):
            await take(empty.subscribe(), 1)


async def test_it_holds_whole_gops_within_its_cap() -> None:
    ring = filled(100, cap=1000)
    held = await take(ring.subscribe(backlog=True), 9)
    first = held[1]
    assert isinstance(first, Fragment) and first.independent
    assert ring.held_bytes <= 1000


async def test_one_gop_larger_than_the_cap_is_held_up_to_16_mb() -> None:
    ring = Ring(1000)
    ring.start(init())
    for number in range(40):
        ring.append(fragment(number, size=1 << 20, every=1000))
        assert ring.held_bytes <= 16 << 20


async def test_the_envelope_is_made_once_for_all_watchers() -> None:
    ring = filled(1)
    first, second = ring.subscribe(), ring.subscribe()
    items = [[await anext(watcher) for _ in range(2)] for watcher in (first, second)]
    assert items[0][1].message() is items[1][1].message()
    assert decode_live(items[0][0].message()) == init()
    assert decode_live(items[0][1].message()) == fragment(0)
