"""What the metric of event-loop stalls says of a loop that is held up."""

import asyncio
import time

from prometheus_client import CollectorRegistry

from snowlight.clock import SystemClock
from snowlight.observability.stalls import SAMPLE_SECONDS, watch_stalls
from tests.waiting import eventually

NAME = "snowlight_event_loop_stall_seconds"


async def test_whatever_holds_the_loop_up_is_counted_by_its_length() -> None:
    registry = CollectorRegistry()
    async with watch_stalls(registry, SystemClock()):
        await eventually(lambda: _counted(registry, 1))
        time.sleep(0.5 + SAMPLE_SECONDS)  # noqa: ASYNC251 - the loop is held up on purpose
        stalled = _samples(registry) + 1
        await eventually(lambda: _counted(registry, stalled))
    total = registry.get_sample_value(f"{NAME}_sum")
    below = registry.get_sample_value(f"{NAME}_bucket", {"le": "0.25"})
    assert total is not None
    assert total >= 0.5
    assert below is not None
    assert below < _samples(registry)


async def test_nothing_is_counted_once_the_process_ends() -> None:
    registry = CollectorRegistry()
    async with watch_stalls(registry, SystemClock()):
        await eventually(lambda: _counted(registry, 2))
    counted = _samples(registry)
    await asyncio.sleep(3 * SAMPLE_SECONDS)
    assert _samples(registry) == counted


def _samples(registry: CollectorRegistry) -> int:
    return int(registry.get_sample_value(f"{NAME}_count") or 0)


async def _counted(registry: CollectorRegistry, least: int) -> bool:
    return _samples(registry) >= least
