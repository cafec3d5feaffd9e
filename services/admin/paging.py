"""Lists that come in pages (AIP-158)."""

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

import grpc

from snowlight.rpc.status import remote_errors


class _Page(Protocol):
    next_page_token: str


_P = TypeVar("_P", bound=_Page)


async def pages(
    peer: str, method: "grpc.aio.UnaryUnaryMultiCallable[Any, _P]", request: Any, timeout_s: float
) -> AsyncIterator[_P]:
    """All pages of `method` of `peer` ("services/auth"), asked for by `request`, which is set to each page.

    Raises the error tree's errors as the peer raised them.
    """
    while True:
        with remote_errors(peer):
            page = await method(request, timeout=timeout_s)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
