"""RTSP requests and responses (RFC 2326, 4 to 7), written and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_STATUS_LINE = re.compile(r"RTSP/1\.\d +(\d{3}) ?(.*)")
_REQUEST_LINE = re.compile(r"([A-Z_]+) +(\S+) +RTSP/1\.\d")
# What a message's first bytes look like, to tell it from interleaved data and from noise.
_FIRST_LINE = re.compile(rb"RTSP/1\.\d \d{3}[ \r]|[A-Z_]{4,16} [!-~]{1,2048} RTSP/1\.\d\r")
_FIRST_LINE_BEGUN = re.compile(rb"[A-Z_]{1,16}( [!-~]{0,2048}( [A-Z/.\d]{0,8})?)?|RTSP/1?\.?[\d ]{0,5}")

MAX_MESSAGE = 64 << 10
_MAX_LINES = 256  # of a header


class MalformedMessageError(ValueError):
    """Bytes that are no RTSP message."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in the order they came; names compare without case."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first field of that name, empty if there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every field of that name."""
        return [value for key, value in self.fields if key == name.lower()]


@dataclass(frozen=True, slots=True)
class Response:
    """A status with its headers and body."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the server sends to the client."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


def write_request(method: str, uri: str, headers: Mapping[str, str]) -> bytes:
    """A request without body."""
    return _write(f"{method} {uri} RTSP/1.0", headers)


def write_response(status: int, reason: str, headers: Mapping[str, str]) -> bytes:
    """A response without body."""
    return _write(f"RTSP/1.0 {status} {reason}", headers)


def _write(first_line: str, headers: Mapping[str, str]) -> bytes:
    lines = [first_line, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def begins_message(data: bytes, position: int, end: int) -> bool | None:
    """Whether a message begins at `position`; None while there is too little to tell."""
    if _FIRST_LINE.match(data, position, end):
        return True
    return None if _FIRST_LINE_BEGUN.fullmatch(data, position, end) else False


def read_message(data: bytes, position: int, end: int) -> tuple[Request | Response, int] | None:
    """The message at `position` and where it ends; None while it is incomplete.

    Raises MalformedMessageError if it can never become one.
    """
    head_end = data.find(b"\r\n\r\n", position, end)
    if head_end < 0:
        if end - position > MAX_MESSAGE:
            raise MalformedMessageError("a header without end")
        return None
    first_line, *lines = data[position:head_end].decode("utf-8", "replace").split("\r\n")
    if len(lines) > _MAX_LINES:
        raise MalformedMessageError("a header of too many lines")
    headers = _read_headers(lines)
    length = headers.get("content-length") or "0"
    if not length.isdecimal() or len(length) > 9 or int(length) > MAX_MESSAGE:
        raise MalformedMessageError("an impossible Content-Length")
    message_end = head_end + 4 + int(length)
    if message_end > end:
        return None
    body = data[head_end + 4 : message_end]
    if match := _STATUS_LINE.match(first_line):
        return Response(int(match[1]), match[2].strip(), headers, body), message_end
    if match := _REQUEST_LINE.match(first_line):
        return Request(match[1], match[2], headers, body), message_end
    raise MalformedMessageError("neither request nor response")


def _read_headers(lines: list[str]) -> Headers:
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip().lower(), value.strip()))
    return Headers(tuple(fields))
