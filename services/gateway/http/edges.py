"""The site's edge: counts requests, marks every answer, tells callers apart."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from services.gateway.http.cross_origin import cross_origin_headers
from services.gateway.http.rates import rate_headers
from services.gateway.metrics import GatewayMetrics

log = structlog.get_logger(__name__)

ALWAYS = {"Server": "Snowlight", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer."""


def edge(metrics: GatewayMetrics) -> Middleware:
    """The middleware around all that answers."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        metrics.count(route_of(request), response.status)
        log.debug("http.served", route=route_of(request), status=response.status)
        return response

    return middleware


def route_of(request: web.Request) -> str:
    """The path as the route table has it: what it holds in this request, such as a ticket, is in no log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


async def mark(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """The last hand on an answer, once nothing else is added: it names no version of what runs here, and a
    browser takes its content type as told (Fetch, section 3.6)."""
    response.headers.update(ALWAYS | rate_headers(request) | cross_origin_headers(request))


def remote_address(request: web.Request, *, behind_proxy: bool) -> str:
    """The caller's address; behind a proxy, the last one in X-Forwarded-For, which the proxy itself wrote."""
    forwarded = _written_by_proxy(request, "X-Forwarded-For") if behind_proxy else ""
    return forwarded or request.remote or ""


def is_https(request: web.Request, *, behind_proxy: bool) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy in front."""
    if behind_proxy and "X-Forwarded-Proto" in request.headers:
        return _written_by_proxy(request, "X-Forwarded-Proto") == "https"
    return request.scheme == "https"


def last_forwarded(field: str) -> str:
    """What the proxy itself wrote into a field that clients may have begun; "" when there is nothing."""
    return field.rpartition(",")[2].strip()


def _written_by_proxy(request: web.Request, name: str) -> str:
    """A proxy may add a line of its own to the client's: all of them are one list (RFC 9110, 5.3)."""
    return last_forwarded(",".join(request.headers.getall(name, [])))
