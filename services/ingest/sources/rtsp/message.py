"""RTSP requests and responses (RFC 2326, 4 to 7), written and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_STATUS_LINE = re.compile(r"RTSP/1\.\d +(\d{3}) ?(.*)")
_REQUEST_LINE = re.compile(r"([A-Z_]+) +(\S+) +RTSP/1\.\d")
# What a message's first bytes look like, to tell it from interleaved data and from noise.
_FIRST_LINE = re.compile(rb"RTSP/1\.\d \d{3}[ \r]|[A-Z_]{4,16} [!-~]{1,2048} RTSP/1\.\d\r")
_FIRST_LINE_BEGUN = re.compile(rb"[A-Z_]{1,16}( [!-~]{0,2048}( [A-Z/.\d]{0,8})?)?|RTSP/1?\.?[\d ]{0,5}")

_MAX_HEADER = 16 << 10  # bytes, without the empty line
_MAX_LINES = 256  # of a header
_MAX_BODY = 64 << 10
_HEADER_END = b"\r\n\r\n"


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


def read_message(data: bytes, position: int, end: int) -> tuple[Request | Response | None, int]:
    """The message at `position` and where it ends; None while it is incomplete.

    Until its header is whole, `end` stands for where it ends: more is not known. Raises MalformedMessageError
    if it can never become one.
    """
    head_end = data.find(_HEADER_END, position, min(end, position + _MAX_HEADER + len(_HEADER_END)))
    if head_end < 0:
        if end - position >= _MAX_HEADER + len(_HEADER_END):
            raise MalformedMessageError(f"a header of over {_MAX_HEADER} bytes")
        return None, end
    first_line, *lines = _text(data[position:head_end]).split("\r\n")
    if len(lines) > _MAX_LINES:
        raise MalformedMessageError("a header of too many lines")
    headers = _read_headers(lines)
    length = headers.get("content-length") or "0"
    if not length.isdecimal() or len(length) > 9 or int(length) > _MAX_BODY:
        raise MalformedMessageError("an impossible Content-Length")
    body_begin = head_end + len(_HEADER_END)
    message_end = body_begin + int(length)
    if message_end > end:
        return None, message_end
    body = data[body_begin:message_end]
    if match := _STATUS_LINE.match(first_line):
        return Response(int(match[1]), match[2].strip(), headers, body), message_end
    if match := _REQUEST_LINE.match(first_line):
        return Request(match[1], match[2], headers, body), message_end
    raise MalformedMessageError("neither request nor response")


def _text(header: bytes) -> str:
    """UTF-8 (RFC 2326, 4), or else a character a byte: to replace what is none costs 40 ns each."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


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
