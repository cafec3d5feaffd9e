"""Each request has an id: answered in `X-Request-Id`, and in the logs of every service that works for it."""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from services.gateway.http.edges import route_of
from snowlight.observability.trace_context import TRACEPARENT, TraceContext, parse_traceparent, working_for
from snowlight.observability.tracing import Tracing

_ID = web.RequestKey("request_id", str)


def traced(tracing: Tracing, *, behind_proxy: bool) -> Middleware:
    """The outermost middleware. Only a proxy is believed which request this is a part of; whoever else names
    one is passed over. The span's name is the route: what the path holds, such as a ticket, is not told."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        method = request.method if request.method in hdrs.METH_ALL else "_OTHER"
        route = route_of(request)
        parent = _told(request) if behind_proxy else None
        told = {"http.request.method": method, "http.route": route}
        span = tracing.serve(f"{method} {route}", parent, told)
        request[_ID] = span.context.trace_id
        status = 0
        try:
            with working_for(span.context):
                response = await handler(request)
            status = response.status
            return response
        finally:
            span.end({"http.response.status_code": status} if status else {}, failed=status >= 500)

    return middleware


async def tell_id(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """The request's id goes into its answer."""
    known: str | None = request.get(_ID)
    if known is not None:
        response.headers["X-Request-Id"] = known


def _told(request: web.Request) -> TraceContext | None:
    fields = request.headers.getall(TRACEPARENT, [])
    return parse_traceparent(fields[0]) if len(fields) == 1 else None
