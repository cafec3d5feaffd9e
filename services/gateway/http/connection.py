"""Connections of the site: what is no HTTP is refused without a word of it told again.

A request that cannot be read is often a good one with a fault: its bytes may hold a token or a ticket. The
server's own answer and log line quote them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import _ErrInfo

from services.gateway.http.bounds import Bounds
from services.gateway.http.edges import ALWAYS
from services.gateway.http.express import (
    LONGEST_HEAD,
    PREFIX,
    SUFFIX,
    Answer,
    Caller,
    Express,
    Wait,
    is_lone_request,
    read_caller,
)
from services.gateway.http.problems import problem

log = structlog.get_logger(__name__)

LONGEST_WAIT_S = 1.5
"""How long an answer that is due in a moment is waited for before a task is spent on that."""
LINGER_S = 1.0
"""How long a caller who was refused may go on sending before the connection is cut."""
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: Snowlight\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)
MAX_HEADERS_BYTES = 32 << 10
"""Of all headers of a request together. The server bounds each, and their number."""


class SiteRunner(web.AppRunner):
    """Runs the site on such connections."""

    def __init__(
        self, site: web.Application, express: Express, bounds: Bounds, *, behind_proxy: bool, **options: Any
    ) -> None:
        super().__init__(site, keepalive_timeout=bounds.idle_s, **options)
        self._express = express
        self._bounds = bounds
        self._behind_proxy = behind_proxy

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            self._express,
            self._bounds,
            made.request_handler,
            behind_proxy=self._behind_proxy,
            request_factory=made.request_factory,
            **self._kwargs,
        )


class _Server(web.Server):
    def __init__(
        self, express: Express, bounds: Bounds, *arguments: Any, behind_proxy: bool, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._make = partial(
            _Connection, self, express, bounds, behind_proxy=behind_proxy, loop=self._loop, **self._kwargs
        )

    def __call__(self) -> web.RequestHandler:
        return self._make()


class _Connection(web.RequestHandler):
    def __init__(
        self, server: web.Server, express: Express, bounds: Bounds, *, behind_proxy: bool, **options: Any
    ) -> None:
        super().__init__(server, **options)
        self._express = express
        self._bounds = bounds
        self._behind_proxy = behind_proxy
        self._patience: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._fields = b""
        self._caller: Caller | None = None
        self._held: Answer | None = None
        self._waiting: Wait | None = None
        self._asked = b""
        self._turn: asyncio.TimerHandle | None = None
        self._is_whole = True
        """What has come so far ended with the end of a request: the next bytes begin another."""
        self._is_refused = False
        self._refusal: web.StreamResponse | None = None
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One more than there is room for is told so and closed."""
        super().connection_made(transport)
        if self._manager is not None and len(self._manager._connections) > self._bounds.connections:
            self._is_refused = True
            if self.transport is not None:
                self.transport.write(_FULL)
            self.force_close()
            return
        self._be_patient(self._bounds.idle_s)

    def _be_patient(self, wait_s: float) -> None:
        """Cut the connection unless a request comes in that time. The server itself does so only after a
        connection's first request, and takes any byte for life."""
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self._loop.call_later(wait_s, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._is_waiting():
            self.force_close()

    def _is_waiting(self) -> bool:
        """No request is there, whole or worked on."""
        return not self._messages and (
            self._request_count == 0 or (self._waiter is not None and not self._waiter.done())
        )

    def data_received(self, data: bytes) -> None:
        """Reads no further once a request cannot be read: for every piece of what follows the server would
        keep an error, and with it the bytes it arose from."""
        if self._is_refused:
            return
        if self._waiting is not None:
            self._go_the_usual_way()  # requests are answered in their order
        if self._is_whole:
            if self._answer_at_once(data):
                return
            self._is_whole = is_lone_request(data)
        super().data_received(data)
        if self._messages and isinstance(unread := self._messages[-1][0], _ErrInfo):
            self._is_refused = True
            if unread.exc is not None:
                unread.exc.__traceback__ = None  # leads back to the bytes in a cycle, which may last for long
        if not self._is_waiting():
            self._head_begun = False
            self._forget_patience()
        elif not self._head_begun:
            self._head_begun = True
            self._be_patient(self._bounds.head_s)

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _answer_at_once(self, data: bytes) -> bool:
        """True when that was done: nobody waits for an answer before this one, and none takes any work."""
        waiter, transport = self._waiter, self.transport
        if waiter is None or waiter.done() or self._paused or self._close or transport is None:
            return False
        end = data.find(b"\r\n")
        if not (data.startswith(PREFIX) and data.endswith(SUFFIX, 0, end)):
            return False
        fields = data[end + 2 :]
        if fields != self._fields:
            peer = self.peername[0] if isinstance(self.peername, tuple) else ""
            self._fields = fields if len(fields) <= LONGEST_HEAD else b""
            self._caller = read_caller(fields, peer, behind_proxy=self._behind_proxy)
        if self._caller is None:
            return False
        answer = self._express.answer(data[len(PREFIX) : end - len(SUFFIX)], self._caller)
        if answer is None:
            return False
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        self._forget_patience()
        if isinstance(answer, Answer):
            self._send(answer, transport)
        else:
            self._wait_for(answer, data)
        return True

    def _send(self, answer: Answer, transport: asyncio.Transport) -> None:
        transport.writelines((answer.head, answer.body))
        if self._paused:
            self._held = answer
            answer.held(transport)
        else:
            answer.sent()

    def _wait_for(self, answer: Wait, data: bytes) -> None:
        self._waiting, self._asked = answer, data
        self._turn = self._loop.call_later(LONGEST_WAIT_S, self._go_the_usual_way)
        answer.begin(self._ask_again)

    def _ask_again(self) -> None:
        data = self._stop_waiting()
        if not self._answer_at_once(data):
            super().data_received(data)

    def _go_the_usual_way(self) -> None:
        super().data_received(self._stop_waiting())

    def _stop_waiting(self) -> bytes:
        """The request that was waited with."""
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None
        if self._turn is not None:
            self._turn.cancel()
        data, self._asked = self._asked, b""
        return data

    def resume_writing(self) -> None:
        """The caller has taken most of what was held for it."""
        super().resume_writing()
        if self._held is not None and self.transport is not None:
            self._held.released(self.transport)
            self._held.sent()
            self._held = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """The caller is gone."""
        self._stop_waiting()
        if self._held is not None and self.transport is not None:
            self._held.released(self.transport)
        self._held = None
        self._gone.set()
        self._forget_patience()
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Sends an answer. After a refusal it stays a moment, deaf: were it to close while the caller still
        sends, TCP would take the answer back (RFC 9112, 9.6)."""
        finished = await super().finish_response(request, resp, start_time)
        if resp is self._refusal and self.transport is not None:
            with suppress(OSError, TimeoutError):
                self.transport.write_eof()
                await asyncio.wait_for(self._gone.wait(), LINGER_S)
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what never reached a route or failed outside of all. It closes the connection."""
        if isinstance(exc, HttpProcessingError):
            log.info("http.malformed", kind=type(exc).__name__, peer=request.remote)
        else:
            log.error("http.failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        answer = _refusal(exc)
        answer.headers.update(ALWAYS)
        answer.force_close()
        self._refusal = answer
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):  # the caller was told of the body
            super().log_exception(*args, **kw)


def _refusal(error: BaseException | None) -> web.Response:
    if isinstance(error, LineTooLong):
        return problem(431, "http.line_too_long", "the request line or a header is too long")
    if isinstance(error, HttpProcessingError):
        return problem(400, "http.malformed", "the request is not HTTP as RFC 9112 has it")
    return problem(500, "internal", "internal error")


@web.middleware
async def bounded_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a request whose headers are too large together, and closes the connection."""
    if sum(len(name) + len(value) for name, value in request.raw_headers) <= MAX_HEADERS_BYTES:
        return await handler(request)
    answer = problem(
        431, "http.headers_too_large", f"headers have at most {MAX_HEADERS_BYTES} bytes together"
    )
    answer.force_close()
    return answer
