"""Waiting for a condition instead of for a while."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(holds: Callable[[], Awaitable[bool]], timeout_s: float = 20) -> None:
    """Return once `holds`. Raises TimeoutError when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not await holds():  # noqa: ASYNC110 - what changes is in another process or service
            await asyncio.sleep(0.05)
