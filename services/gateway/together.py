"""Calls of many tasks, put as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from snowlight.errors import SnowlightError

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """What tasks of one group ask at the same moment goes out as one call, `at_once` in each at most.

    `call` answers each question in order, or says what is against it; what it raises is against all.
    """

    def __init__(
        self, call: Callable[[Sequence[Q]], Awaitable[Sequence[A | SnowlightError]]], *, at_once: int
    ) -> None:
        self._call = call
        self._at_once = at_once
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []

    async def ask(self, question: Q) -> A:
        """The answer. Raises what is against it. The first to ask asks for all that wait with it."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            await self._ask_all()
        return await answer

    async def _ask_all(self) -> None:
        waiting = self._waiting
        try:
            await asyncio.sleep(0)  # every task that can go on asks first
            self._waiting = []
            for start in range(0, len(waiting), self._at_once):
                await self._ask_some(waiting[start : start + self._at_once])
        finally:
            if self._waiting is waiting:
                self._waiting = []
            for _, answer in waiting:
                answer.cancel()  # those without an answer: whoever asked for them has been cancelled

    async def _ask_some(self, some: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        answers: Sequence[A | SnowlightError]
        try:
            answers = await self._call([question for question, _ in some])
        except SnowlightError as error:
            answers = [error] * len(some)
        for (_, waits), answer in zip(some, answers, strict=True):
            if waits.done():
                continue
            if isinstance(answer, SnowlightError):
                waits.set_exception(answer)
            else:
                waits.set_result(answer)
