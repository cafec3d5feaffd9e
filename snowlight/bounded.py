"""Many like pieces of work, some at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from snowlight.errors import SnowlightError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def for_each(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], *, at_once: int
) -> list[Result]:
    """The results of `work` on each of `items`, in order, of which `at_once` are under way together.

    Raises what the first one that failed raised; the others are cancelled then.
    """
    places = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Result:
        async with places:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one(item)) for item in items]
    except ExceptionGroup as group:
        told, others = group.split(SnowlightError)
        if told is None or others is not None:
            raise
        first = _first(told)
        raise first from first.__cause__
    return [task.result() for task in running]


def _first(group: ExceptionGroup[SnowlightError]) -> SnowlightError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
