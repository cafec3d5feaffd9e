"""RTSP requests and responses on the wire (RFC 2326, sections 4 to 7)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

REASONS = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}
_BODY_LIMIT = 65_536


class MalformedRequest(Exception):  # noqa: N818 - it is a condition of the wire, not of the program
    """What came in is no RTSP request; the connection cannot be read any further."""


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case; of a repeated header the last."""

    method: str
    url: str
    version: str
    headers: Mapping[str, str]

    @property
    def is_answer(self) -> bool:
        """It is none, but the response to a request of the server's."""
        return self.method.startswith("RTSP/")

    @property
    def path(self) -> str:
        """The URL's path without slashes at either end; "" for the server itself."""
        return urlsplit(self.url).path.strip("/")


async def read_message(reader: asyncio.StreamReader) -> Request | None:
    """Reads the next request, without its body; None for an interleaved frame (the client's RTCP).

    EOFError or ConnectionError at the connection's end, MalformedRequest for anything but RTSP.
    """
    first = await reader.readexactly(1)
    while first in b"\r\n":
        first = await reader.readexactly(1)
    if first == b"$":
        header = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(header[1:], "big"))
        return None
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise MalformedRequest("the headers have no end") from error
    request = _parse(head)
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _BODY_LIMIT:
        raise MalformedRequest(f"Content-Length: {length}")
    await reader.readexactly(int(length))
    return request


def _parse(head: bytes) -> Request:
    try:
        start, *lines = head.decode("utf-8").strip().split("\r\n")
        method, url, version = start.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        urlsplit(url)
    except ValueError as error:
        raise MalformedRequest("not an RTSP request line and headers") from error
    return Request(method, url, version, headers)


def response(
    status: int, request: Request | None, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
) -> bytes:
    """The response to `request`, whose CSeq it repeats; None where the request could not be read."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}"]
    if request is not None and "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    lines.append("Server: Snowlight village")
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
