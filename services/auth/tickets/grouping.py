"""Many small pieces of work in one transaction: what comes while one commits goes together into the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from snowlight.errors import UnavailableError

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

LARGEST_GROUP = 200
AT_ONCE = 2
"""While one group's transaction waits for the database, the next is made ready."""
APART_S = 0.015
"""Between the starts of two groups: under load a transaction for thirty costs little more than one for three.
Who asks when nobody did lately does not wait."""
MOST_WAITING = 5_000


class Grouped(Generic[Asked, Answer]):
    """Answers each question from a group of them. `answer_all` gives an answer for each, in order; one that
    is an exception is raised to that caller alone.

    Enter `run` in a task.
    """

    def __init__(
        self, answer_all: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]]
    ) -> None:
        self._answer_all = answer_all
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._work = asyncio.Event()
        self._next_at = float("-inf")

    async def ask(self, asked: Asked) -> Answer:
        """Raises UnavailableError when too many wait already."""
        if len(self._waiting) >= MOST_WAITING:
            raise UnavailableError("auth.busy", "too many ask for tickets at once", retry_after_s=1)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        self._work.set()
        return await future

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work_on())

    async def _work_on(self) -> None:
        while True:
            await self._work.wait()
            loop = asyncio.get_running_loop()
            starts_at = max(self._next_at, loop.time())
            self._next_at = starts_at + APART_S
            await asyncio.sleep(
                starts_at - loop.time()
            )  # at least once: for all that came in the same moment
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))]
            if not self._waiting:
                self._work.clear()
            # Who has given up by now is asked for no more.
            group = [(asked, future) for asked, future in group if not future.done()]
            if group:
                await self._answer(group)

    async def _answer(self, group: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._answer_all([asked for asked, _ in group])
        except Exception as error:  # noqa: BLE001 - each caller is told
            answers = [error] * len(group)
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
