"""Work that goes on beside a body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` has begun inside and goes on, and is cancelled and waited for at the end. If it breaks, so does
    the body."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(piece) for piece in work]
        await asyncio.sleep(0)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
