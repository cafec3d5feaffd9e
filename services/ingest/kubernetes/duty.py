"""What one of all workers does: the owner of shard 0, from when it has it until the moment it has not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

LOOK_SECONDS = 0.25
"""A term that ends by itself, when the database is away for too long, ends within so long."""


async def on_duty(has_duty: Callable[[], bool], work: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled, have `work` done anew in each term, and cancelled with what it waits for when the term
    ends. What it raises is raised here."""
    while True:
        while not has_duty():  # noqa: ASYNC110 - the fence tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        term = asyncio.ensure_future(work())
        try:
            while has_duty() and not term.done():
                await asyncio.wait([term], timeout=LOOK_SECONDS)
        finally:
            ended = term.done()
            term.cancel()
            with suppress(asyncio.CancelledError):
                await term
        if ended:
            return
