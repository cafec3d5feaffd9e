"""Pages of other origins may play pictures, and do nothing else here (Fetch, section 3.3).

A ticket in the path is the only credential of pictures; no cookie of ours goes there. So it gives nothing
away to answer players that send credentials along, as hls.js and Shaka do when told to: for these a browser
asks for their origin by name instead of `*`.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

_PICTURES = ("/hls/", "/snapshot/")
_EXPOSED = "Content-Length, Content-Range, Date, Retry-After"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    # What players send: ranges, conditions, and CTA-5004 (CMCD) about their buffer.
    "Access-Control-Allow-Headers": "Range, If-None-Match, If-Modified-Since, Cache-Control, Pragma, "
    "CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session",
    "Access-Control-Max-Age": "7200",
    "Cache-Control": "no-store",
}


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers what browsers ask before a request with headers of a player's own."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if asks and request.path.startswith(_PICTURES):
        return web.Response(status=204, headers=_PREFLIGHT)
    return await handler(request)


def cross_origin_headers(request: web.BaseRequest) -> dict[str, str]:
    """Those of an answer."""
    if not request.path.startswith(_PICTURES):
        return {}
    return picture_headers(request.headers.get("Origin", ""))


def picture_headers(origin: str) -> dict[str, str]:
    """Those of an answer with pictures. `origin`: of the page that asks; "" outside of browsers."""
    if not origin:
        return {"Access-Control-Allow-Origin": "*", "Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }
