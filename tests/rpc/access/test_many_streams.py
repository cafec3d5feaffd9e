"""A client that opens far more streams than it may, at the limits that the door comes with."""

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.access.config import AccessSettings
from snowlight.errors import ResourceExhaustedError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.access.lasting import LastingDoor, lasting_door, staying
from tests.waiting import eventually

OPENED = 1000
SOON_S = 10.0
LEFT_BYTES = 2 << 20
"""That a thousand calls may leave behind, in the client and the gateway together."""


@pytest.fixture
async def lasting(door: Door, tmp_path: Path) -> AsyncIterator[LastingDoor]:
    async with lasting_door(door, tmp_path) as opened:
        yield opened


async def test_a_thousand_streams_at_once_are_served_to_the_limit_and_leave_nothing(
    lasting: LastingDoor,
) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")
    settings: Any = AccessSettings.model_fields
    await open_and_end(lasting, bureau, another, settings["max_streams"].default)  # caches are filled
    lasting.site.clock.ahead_s += settings["rate_window_seconds"].default
    tracemalloc.start()
    try:
        before = held_bytes()
        await open_and_end(lasting, bureau, another, settings["max_streams"].default)
        assert held_bytes() - before < LEFT_BYTES
    finally:
        tracemalloc.stop()


async def open_and_end(lasting: LastingDoor, bureau: Bureau, another: Bureau, limit: int) -> None:
    """Open them all, see what becomes of each, and end them."""
    calls = [staying(bureau) for _ in range(OPENED)]
    async with asyncio.timeout(SOON_S):
        others = staying(another)
        assert await others.read() == b"here"
    outcomes = Counter(await asyncio.gather(*map(outcome, calls)))
    assert outcomes.pop("served") == limit
    assert outcomes.keys() == {"access.too_many_streams", "access.rate"}
    assert lasting.counted("snowlight_access_open_calls", kind="stream") == limit + 1
    for call in (*calls, others):
        call.cancel()

    async def are_over() -> bool:
        return lasting.counted("snowlight_access_open_calls", kind="stream") == 0

    await eventually(are_over)


async def outcome(call: Any) -> str:
    """That it is served, or why it is not: who is refused is told when to come again."""
    try:
        with remote_errors("services/gateway"):
            assert await call.read() == b"here"
    except ResourceExhaustedError as error:
        assert error.retry_after_s
        return error.code
    return "served"


def held_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
