"""A proxy before the API server that throttles, ends and cuts off, as it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from tests.parts.kubernetes.control_plane import KubeApiserver

_HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length", "content-encoding"}


@dataclass(frozen=True)
class Asked:
    """A request that has come."""

    at_s: float
    """By the event loop's clock."""
    method: str
    path: str
    is_watch: bool
    status: int
    """Of the answer."""


@dataclass
class ApiProxy:
    """`url` stands for the API server's own, without TLS."""

    target: str
    url: str
    throttled: int = 0
    """So many of the next requests are answered 429."""
    retry_after_s: int = 1
    """As they are told then."""
    ends_watches: bool = False
    """Each watch ends well before anything is told."""
    torn: int = 0
    """So many of the next events are torn apart by the end of the connection."""
    asked: list[Asked] = field(default_factory=list)
    _watches: set[asyncio.Transport] = field(default_factory=set)

    def cut(self) -> int:
        """End the connections of all watches that are open. Returns how many there were."""
        watches, self._watches = self._watches, set()
        for transport in watches:
            transport.abort()
        return len(watches)

    async def serve(self, session: aiohttp.ClientSession, request: web.Request) -> web.StreamResponse:
        """One request."""
        is_watch = request.query.get("watch") == "true"
        if self.throttled:
            self.throttled -= 1
            self._note(request, 429, is_watch=is_watch)
            told = {"kind": "Status", "reason": "TooManyRequests", "message": "as told", "code": 429}
            return web.json_response(told, status=429, headers={"Retry-After": str(self.retry_after_s)})
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = URL(self.target + request.raw_path, encoded=True)
        body = await request.read()
        async with session.request(request.method, url, headers=headers, data=body) as answer:
            self._note(request, answer.status, is_watch=is_watch)
            response = web.StreamResponse(
                status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]}
            )
            await response.prepare(request)
            if not is_watch:
                await response.write(await answer.read())
            elif not self.ends_watches:
                await self._follow(request, answer, response)
            await response.write_eof()
            return response

    async def _follow(
        self, request: web.Request, answer: aiohttp.ClientResponse, response: web.StreamResponse
    ) -> None:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        self._watches.add(transport)
        try:
            async for chunk in answer.content.iter_any():
                if self.torn:
                    self.torn -= 1
                    await response.write(chunk[: len(chunk) // 2])
                    transport.close()  # once that is sent
                    return
                await response.write(chunk)
        finally:
            self._watches.discard(transport)

    def _note(self, request: web.Request, status: int, *, is_watch: bool) -> None:
        at_s = asyncio.get_running_loop().time()
        self.asked.append(Asked(at_s, request.method, request.path, is_watch, status))


@asynccontextmanager
async def run_api_proxy(server: KubeApiserver, port: int = 0) -> AsyncIterator[ApiProxy]:
    """A proxy before `server`, without faults, on loopback while the context is open."""
    proxy = ApiProxy(server.url, "")
    context = ssl.create_default_context(cafile=str(server.authority))
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0), timeout=timeout, auto_decompress=True
    ) as session:

        async def serve(request: web.Request) -> web.StreamResponse:
            return await proxy.serve(session, request)

        application = web.Application(client_max_size=8 << 20)
        application.router.add_route("*", "/{path:.*}", serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            host, bound = runner.addresses[0][:2]
            proxy.url = f"http://{host}:{bound}"
            yield proxy
        finally:
            proxy.cut()
            await runner.cleanup()
