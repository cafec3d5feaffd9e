"""What a wall and the gateway say to each other: JSON as text, pictures as binary messages."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from services.gateway.http.problems import problem_json
from snowlight.errors import InvalidArgumentError, SnowlightError
from snowlight.media.rendition import MAIN, RENDITIONS

LONGEST_MESSAGE = 8 << 10
"""Bytes of a message of the client's: a ticket has about a thousand."""
_HIGHEST_ID = 2**32 - 1
_HEAD = struct.Struct(">IB")


class Kind(IntEnum):
    """What a binary message holds."""

    INIT = 0
    FRAGMENT = 1
    DISCONTINUITY = 2
    """What follows does not go on where the last fragment ended."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asks for. `id` is the client's own number for a tile; `silent`: without the sound;
    `rendition`: of the camera's (`snowlight.media.rendition`)."""

    op: Literal["watch", "stop"]
    id: int
    ticket: str = ""
    silent: bool = False
    rendition: str = MAIN


def read_order(text: str) -> Order:
    """Raises InvalidArgumentError naming the field."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError("ws.malformed", "a message must be JSON") from error
    if not isinstance(message, dict):
        raise InvalidArgumentError("ws.malformed", "a message must be a JSON object")
    number, op, ticket = message.get("id"), message.get("op"), message.get("ticket", "")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _HIGHEST_ID:
        raise InvalidArgumentError("ws.malformed", f"id must be 0 to {_HIGHEST_ID}", field="id")
    if op == "stop":
        return Order("stop", number)
    if op != "watch":
        raise InvalidArgumentError("ws.malformed", 'op must be "watch" or "stop"', field="op")
    if not isinstance(ticket, str) or not ticket or not ticket.isascii():
        raise InvalidArgumentError("ws.malformed", "ticket must be one that was given out", field="ticket")
    silent = message.get("silent", False)
    if not isinstance(silent, bool):
        raise InvalidArgumentError("ws.malformed", "silent must be true or false", field="silent")
    rendition = message.get("rendition", MAIN)
    if rendition not in RENDITIONS:
        raise InvalidArgumentError(
            "ws.malformed", f"rendition must be one of {', '.join(RENDITIONS)}", field="rendition"
        )
    return Order("watch", number, ticket, silent, rendition)


def id_of(text: str) -> int | None:
    """The id in a message that is not an order, to answer it by."""
    try:
        number = json.loads(text).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def description(number: int, codecs: str, width: int, height: int) -> str:
    """What a tile shows from here on."""
    return _text({"id": number, "codecs": codecs, "width": width, "height": height})


def failure(number: int | None, error: SnowlightError) -> str:
    """Why a tile ends, or an order was not taken: a problem document (RFC 9457)."""
    problem = problem_json(error.http_status, error.code, error.detail, error.field)
    return _text(({} if number is None else {"id": number}) | {"error": problem})


def binary(number: int, kind: Kind, data: bytes | memoryview = b"") -> bytes:
    """A binary message for a tile."""
    return b"".join((_HEAD.pack(number, kind), data))


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
