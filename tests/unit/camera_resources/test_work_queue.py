"""What is to be done, by name."""

import asyncio

from services.ingest.camera_resources.work_queue import WorkQueue


async def test_a_name_waits_once_however_often_it_is_asked_for() -> None:
    queue = WorkQueue()
    for name in ("gate", "yard", "gate", "gate"):
        queue.add(name)
    assert await queue.take(10) == ["gate", "yard"]
    assert len(queue) == 0


async def test_a_batch_takes_no_more_than_it_may() -> None:
    queue = WorkQueue()
    for number in range(5):
        queue.add(str(number))
    assert await queue.take(3) == ["0", "1", "2"]
    assert await queue.take(3) == ["3", "4"]


async def test_what_failed_comes_again_by_itself() -> None:
    queue = WorkQueue()
    queue.retry("gate")
    assert len(queue) == 1
    async with asyncio.timeout(20):
        assert await queue.take(1) == ["gate"]


async def test_what_waits_for_its_retry_is_done_at_once_when_asked_for() -> None:
    queue = WorkQueue()
    for _ in range(12):  # an hour from now, were it not bounded
        queue.retry("gate")
    queue.add("gate")
    async with asyncio.timeout(20):
        assert await queue.take(10) == ["gate"]
    assert len(queue) == 0


async def test_a_closed_queue_forgets_what_was_due() -> None:
    queue = WorkQueue()
    queue.add("gate")
    queue.retry("yard")
    queue.close()
    assert len(queue) == 0
