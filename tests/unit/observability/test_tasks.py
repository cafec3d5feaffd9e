"""What the metric of tasks says."""

import asyncio

from prometheus_client import CollectorRegistry

from snowlight.observability.tasks import count_tasks


async def test_tasks_are_counted_until_they_are_done() -> None:
    registry = CollectorRegistry()
    count_tasks(registry)
    before = registry.get_sample_value("snowlight_event_loop_tasks") or 0
    assert before >= 1
    more = [asyncio.create_task(asyncio.sleep(60)) for _ in range(5)]
    assert registry.get_sample_value("snowlight_event_loop_tasks") == before + 5
    for task in more:
        task.cancel()
    await asyncio.wait(more)
    assert registry.get_sample_value("snowlight_event_loop_tasks") == before
