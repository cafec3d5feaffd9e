"""Who may connect when many want to."""

import asyncio
import time

from services.ingest.pace import Pace
from tests.waiting import eventually

FAST = 1000


async def in_order(pace: Pace, *wanted: tuple[str | None, int]) -> list[str | None]:
    """So many cameras of each site ask at once, site after site; the sites in the order of their turns."""
    passed: list[str | None] = []

    async def connect(site: str | None) -> None:
        await pace.wait(site)
        passed.append(site)

    async with asyncio.TaskGroup() as cameras:
        for site, count in wanted:
            for _ in range(count):
                cameras.create_task(connect(site))
    return passed


async def test_a_small_site_does_not_wait_for_a_large_one() -> None:
    passed = await in_order(Pace(FAST, FAST), ("large", 300), ("small", 3), ("smaller", 1))
    assert passed.index("smaller") < 10
    assert [site for site in passed[:20] if site == "small"] == ["small"] * 3
    assert passed.count("large") == 300


async def test_who_is_at_no_site_has_turns_like_a_site() -> None:
    passed = await in_order(Pace(FAST, FAST), ("large", 100), (None, 2))
    assert passed[:10].count(None) == 2


async def test_cameras_of_a_site_connect_in_the_order_of_asking_and_none_is_forgotten() -> None:
    pace, passed = Pace(FAST, FAST), list[int]()

    async def connect(number: int) -> None:
        await pace.wait("site")
        passed.append(number)

    async with asyncio.TaskGroup() as cameras:
        for number in range(50):
            cameras.create_task(connect(number))
    assert passed == list(range(50))


async def test_a_site_that_asks_again_and_again_holds_no_other_up() -> None:
    pace = Pace(FAST, FAST)
    again = [asyncio.create_task(_ask_for_ever(pace)) for _ in range(100)]
    try:
        async with asyncio.timeout(20):
            assert len(await in_order(pace, ("living", 50))) == 50
    finally:
        for task in again:
            task.cancel()
        await asyncio.wait(again)


async def _ask_for_ever(pace: Pace) -> None:
    while True:
        await pace.wait("dead")


async def test_a_site_has_a_pace_of_its_own_and_others_go_on_meanwhile() -> None:
    pace, began = Pace(FAST, 10), time.monotonic()
    passed = await in_order(pace, ("slow", 4), *((f"site {number}", 1) for number in range(50)))
    assert time.monotonic() - began >= 0.29  # three intervals of 0.1 s, by a clock of ms
    assert passed[1:51].count("slow") <= 1


async def test_the_worker_has_a_pace_for_all_sites_together() -> None:
    pace, began = Pace(20, FAST), time.monotonic()
    await in_order(pace, *((f"site {number}", 1) for number in range(5)))
    assert time.monotonic() - began >= 0.19


async def test_what_nobody_wanted_is_not_made_up_for() -> None:
    pace = Pace(20, FAST)
    await pace.wait("site")
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await in_order(pace, ("site", 3))
    assert time.monotonic() - began >= 0.09


async def test_who_is_not_wanted_any_more_takes_no_turn() -> None:
    pace = Pace(2, FAST)
    await pace.wait("site")
    given_up = [asyncio.create_task(pace.wait("site")) for _ in range(1000)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.wait(given_up)
    last = asyncio.create_task(pace.wait("site"))

    async def has_passed() -> bool:
        return last.done()

    await eventually(has_passed)
