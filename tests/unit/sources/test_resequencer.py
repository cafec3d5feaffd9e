"""Packets that come in disorder leave in order, and one that never comes is not waited for long."""

import asyncio
import random
from collections.abc import Callable

import pytest

from services.ingest.sources.rtsp.client.resequencer import Resequencer
from tests.waiting import eventually

PATIENCE = 0.05


@pytest.fixture
def left() -> list[int]:
    return []


@pytest.fixture
async def put(left: list[int]) -> Callable[[int], None]:
    resequencer = Resequencer(lambda packet: left.append(int.from_bytes(packet, "big")), patience=PATIENCE)
    return lambda number: resequencer.put(number & 0xFFFF, number.to_bytes(4, "big"))


async def test_order_is_kept_and_made(put: Callable[[int], None], left: list[int]) -> None:
    order = list(range(65000, 66000))  # the sequence number wraps in it
    sent = [order[0]]
    for begin in range(1, len(order), 9):
        group = order[begin : begin + 9]
        random.Random(begin).shuffle(group)
        sent += group
    for number in sent:
        put(number)
    assert left == order


async def test_in_order_nothing_waits(put: Callable[[int], None], left: list[int]) -> None:
    for number in range(5):
        put(number)
        assert left == list(range(number + 1))


async def test_one_that_never_comes_is_not_waited_for_long() -> None:
    now = asyncio.get_running_loop().time
    left: dict[int, float] = {}
    resequencer = Resequencer(
        lambda packet: left.update({int.from_bytes(packet, "big"): now()}), patience=PATIENCE
    )
    begun = now()
    for number in (1, 3, 4, 6):
        resequencer.put(number, number.to_bytes(4, "big"))
    assert list(left) == [1]

    async def came() -> bool:
        return 6 in left

    await eventually(came)
    assert list(left) == [1, 3, 4, 6]
    assert left[3] - begun >= PATIENCE
    assert left[6] - left[4] >= PATIENCE


async def test_late_and_double_ones_are_left_out(put: Callable[[int], None], left: list[int]) -> None:
    for number in (10, 11, 11, 9, 12, 10):
        put(number)
    assert left == [10, 11, 12]


async def test_a_camera_that_begins_anew_is_followed(put: Callable[[int], None], left: list[int]) -> None:
    for number in (30000, 30001, 5, 6):
        put(number)
    assert left == [30000, 30001, 5, 6]


async def test_a_long_hole_is_given_up_before_memory_is(put: Callable[[int], None], left: list[int]) -> None:
    put(0)
    for number in range(100, 700):
        put(number)
    assert left == [0, *range(100, 700)]
