"""How many things the event loop has in hand: a number that only grows is a leak."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge


def count_tasks(registry: CollectorRegistry) -> None:
    """`snowlight_event_loop_tasks` tells, whenever it is asked for, how many tasks the running loop has."""
    loop = asyncio.get_running_loop()
    tasks = Gauge(
        "snowlight_event_loop_tasks", "Tasks of the event loop that are not done.", registry=registry
    )
    tasks.set_function(lambda: len(asyncio.all_tasks(loop)))
