"""Connections of the site: what is no HTTP is refused without a word of it told again.

A request that cannot be read is often a good one with a fault: its bytes may hold a token or a ticket. The
server's own answer and log line quote them.
"""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from services.gateway.http.edges import ALWAYS
from services.gateway.http.problems import problem

log = structlog.get_logger(__name__)


class SiteRunner(web.AppRunner):
    """Runs the site on such connections."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **self._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
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
