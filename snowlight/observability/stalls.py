"""How late the event loop is: while one thing runs, nothing else of the process does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Histogram

from snowlight.clock import Clock

SAMPLE_SECONDS = 0.05


@asynccontextmanager
async def watch_stalls(registry: CollectorRegistry, clock: Clock) -> AsyncIterator[None]:
    """Inside, twenty times a second, `snowlight_event_loop_stall_seconds` is told how late a timer was.

    A stall of `SAMPLE_SECONDS` or more always shows, by what is left of it when its timer is due; a shorter
    one as often as a timer falls into it.
    """
    stalls = Histogram(
        "snowlight_event_loop_stall_seconds",
        "How late the event loop ran a timer, twenty times a second, seconds.",
        buckets=(0.001, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 5.0),
        registry=registry,
    )
    sampling = asyncio.create_task(_sample(stalls, clock), name="event loop stalls")
    try:
        yield
    finally:
        sampling.cancel()
        await asyncio.wait([sampling])


async def _sample(stalls: Histogram, clock: Clock) -> None:
    while True:
        due = clock.monotonic() + SAMPLE_SECONDS
        await asyncio.sleep(SAMPLE_SECONDS)
        stalls.observe(max(0.0, clock.monotonic() - due))
