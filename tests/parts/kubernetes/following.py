"""A collection followed for as long as its user likes: the API server may go away, and watches may expire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import ParamSpec

import aiohttp

from tests.parts.kubernetes.rest import KubernetesRest, Object, RefusedError

RETRY_S = 0.2
Request = ParamSpec("Request")


async def follow(rest: KubernetesRest, path: str) -> AsyncIterator[tuple[str, Object]]:
    """As `KubernetesRest.watch` without an end; after a break, all that is there comes as ADDED once more."""
    while True:
        try:
            async for event in rest.watch(path):
                yield event
        except (aiohttp.ClientError, RefusedError):
            await asyncio.sleep(RETRY_S)


async def insist(
    call: Callable[Request, Awaitable[Object]], *words: Request.args, **named: Request.kwargs
) -> None:
    """Make a request until the API server has answered. What is gone, or has changed meanwhile, is left."""
    while True:
        try:
            await call(*words, **named)
        except aiohttp.ClientError:
            await asyncio.sleep(RETRY_S)
        except RefusedError as error:
            if error.status < 500 and error.status not in (404, 409, 429):
                raise
            if error.status in (404, 409):
                return
            await asyncio.sleep(RETRY_S)
        else:
            return
