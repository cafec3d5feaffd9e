"""The cookie by which a plain link of the console loads a file: a browser sends no header with a link, and no
script should hold five gigabytes.

It holds the page's access token, of ten minutes; the console's renewals renew it. It goes to exports alone,
on same-site requests alone (SameSite=Strict), is read by no script, and opens nothing but what only reads:
the routes that take it say so.
"""

from __future__ import annotations

from aiohttp import web

from snowlight.errors import UnauthenticatedError

COOKIE = "snowlight_download"
PATH = "/v1/exports"
_READING = frozenset({"GET", "HEAD"})
_OWN_PAGES = frozenset({"same-origin", "none"})
"""Of Sec-Fetch-Site (Fetch Metadata, section 2.3): our page, or the person themselves, as by "resume"."""


def set_link_cookie(response: web.Response, access_token: str, expires_in_s: int, *, secure: bool) -> None:
    """Let links of the page load for as long as its access token is good."""
    response.set_cookie(
        COOKIE,
        access_token,
        path=PATH,
        max_age=expires_in_s,
        httponly=True,
        samesite="Strict",
        secure=secure,
    )


def clear_link_cookie(response: web.Response, *, secure: bool) -> None:
    """Links load nothing any more."""
    response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict", secure=secure)


def link_token(request: web.Request) -> str:
    """The access token that came with a link; "" when none did.

    Raises UnauthenticatedError for one that a page of another origin sent on its way, or that is no token.
    """
    token = request.cookies.get(COOKIE, "")
    if not token or request.method not in _READING:
        return ""
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_PAGES:
        raise UnauthenticatedError("auth.foreign_page", "a page of another origin may not load this")
    if not token.isascii():
        raise UnauthenticatedError("auth.token_invalid", "this is not a token")
    return token
