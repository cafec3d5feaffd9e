"""A client of /v1/events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.parts.server_sent import Reader, ServerSent
from tests.rpc.gateway.site import Site

SOON_S = 5.0


class Listener:
    """Reads a stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.reader = Reader()
        self.is_over = False
        self._events: deque[ServerSent] = deque()

    async def next(self, timeout_s: float = SOON_S) -> ServerSent:
        """The next event. Raises TimeoutError when none comes, EOFError once the stream is over."""
        async with asyncio.timeout(timeout_s):
            while not self._events:
                await self._read()
        return self._events.popleft()

    async def take(self, count: int) -> list[ServerSent]:
        return [await self.next() for _ in range(count)]

    async def synced(self) -> list[ServerSent]:
        """Everything up to `synced`, from the first event, which must be `reset`."""
        events = [await self.next()]
        assert events[0].kind == "reset"
        while events[-1].kind != "synced":
            events.append(await self.next())
        return events

    async def quiet(self, seconds: float = 0.7) -> bool:
        """Whether nothing more comes for a while."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False

    async def over(self, timeout_s: float) -> list[ServerSent]:
        """What came until the stream was over. Raises TimeoutError when it does not end in time."""
        async with asyncio.timeout(timeout_s):
            try:
                while True:
                    await self._read()
            except EOFError:
                return list(self._events)

    async def _read(self) -> None:
        data = await self.response.content.readany()
        if not data:
            raise EOFError
        self._events.extend(self.reader.feed(data))


@asynccontextmanager
async def listening(
    site: Site, username: str = "root", last_id: str = "", *, url: str = "", token: str = "", **query: str
) -> AsyncIterator[Listener]:
    """A stream of this person. `url`: of another gateway."""
    headers = {"Authorization": f"Bearer {token or await site.token(username)}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    async with site.http.get(f"{url or site.url}/v1/events", headers=headers, params=query) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Listener(response)
