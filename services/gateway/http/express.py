"""Requests that are answered from memory at once, before a parser or a task is spent on them.

Players ask for a live playlist and its parts twice a second each, always in the same words, and most of what
a server does for such a request it has done for the one before. So a plain `GET /hls/...` that came whole and
alone, with header fields that were read once already, is answered in the very callback that brought it. All
else goes the way of all requests, also what cannot be answered with 200 right now, and is answered alike.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.gateway.http.cross_origin import picture_headers
from services.gateway.http.edges import last_forwarded

PREFIX = b"GET /hls/"
SUFFIX = b" HTTP/1.1"
LONGEST_HEAD = 8 << 10
_END = b"\r\n\r\n"
_BODY_COMES = re.compile(rb"\n(?:content-length|transfer-encoding|upgrade|expect)", re.IGNORECASE)
_FIELD = re.compile(rb"([A-Za-z0-9-]+):[ \t]*((?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?)[ \t]*")
_PASSED_OVER = re.compile(
    rb"host|user-agent|accept(-.+)?|origin|referer|cookie|dnt|pragma|cache-control|priority|sec-.+"
    rb"|x-forwarded-.+|x-real-ip|via|forwarded|x-request-id|traceparent|tracestate"
    rb"|x-playback-session-id|icy-metadata"
)
"""Fields that change nothing in an answer, or that `Caller` holds. With any other, the usual way is taken.

No log tells of such a request, so it needs no id, whatever a proxy calls it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as header fields and the connection tell."""

    address: str
    agent: str
    fields: bytes
    """Header fields of any answer that depend on who asks, and the empty line after them."""


class Answer(ABC):
    """A response, ready to be sent."""

    __slots__ = ("body", "head")

    def __init__(self, head: bytes, body: bytes | memoryview) -> None:
        """`head`: status line and header fields, and the empty line after them."""
        self.head = head
        self.body = body

    @abstractmethod
    def sent(self) -> None:
        """All of it has been taken by the system, or nearly."""

    @abstractmethod
    def held(self, transport: asyncio.Transport) -> None:
        """The connection is slow: much of it is still to be sent."""

    @abstractmethod
    def released(self, transport: asyncio.Transport) -> None:
        """That is over, whether it was sent or the connection is lost."""


class Wait(Protocol):
    """An answer that will be there in a moment."""

    def begin(self, wake: Callable[[], None]) -> None:
        """`wake` is called once, when it is worth asking again."""

    def end(self) -> None:
        """Nobody waits any more: `wake` is not called."""


class Express(Protocol):
    """What can be answered from memory."""

    def answer(self, target: bytes, caller: Caller) -> Answer | Wait | None:
        """To `GET /hls/{target}`; None when it takes more than memory, or an error."""


def read_caller(fields: bytes, peer: str, *, behind_proxy: bool) -> Caller | None:
    """Reads the lines of a head after the first one, the empty one too. None for what wants a real parser."""
    if len(fields) > LONGEST_HEAD or fields.find(_END) != len(fields) - len(_END):
        return None
    told: dict[bytes, bytes] = {}
    for line in fields[: -len(_END)].split(b"\r\n"):
        field = _FIELD.fullmatch(line)
        if field is None:
            return None
        name = field[1].lower()
        if name in told or not (_PASSED_OVER.fullmatch(name) or _is_kept_alive(name, field[2])):
            return None
        told[name] = field[2]
    if b"host" not in told:
        return None
    forwarded = told.get(b"x-forwarded-for", b"").decode()
    address = last_forwarded(forwarded) if behind_proxy else ""
    headers = picture_headers(told.get(b"origin", b"").decode())
    return Caller(address or peer, told.get(b"user-agent", b"").decode(), field_lines(headers) + b"\r\n")


def field_lines(headers: Mapping[str, str]) -> bytes:
    """Header fields as they are sent."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


def is_lone_request(data: bytes) -> bool:
    """Whether `data`, which begins a request, ends with it: it has no body, and nothing follows."""
    if not data.startswith((b"GET ", b"HEAD ")) or data.find(_END) != len(data) - len(_END):
        return False
    return _BODY_COMES.search(data) is None


def _is_kept_alive(name: bytes, value: bytes) -> bool:
    return name == b"connection" and value.lower() == b"keep-alive"
