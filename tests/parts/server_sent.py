"""A strict reader of text/event-stream: WHATWG HTML, 9.2.6, and nothing that only browsers forgive."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ServerSent:
    """One event as it is dispatched."""

    kind: str
    id: str
    data: Any
    """Its JSON."""


class Reader:
    """Takes bytes as they come."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms: int | None = None
        self.comments = 0
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[ServerSent]:
        """The events that are whole now. Raises AssertionError for what the standard has not."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [event for line in lines if (event := self._line(line.decode("utf-8"))) is not None]

    def _line(self, line: str) -> ServerSent | None:
        assert "\r" not in line
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            self.comments += 1
            return None
        name, colon, value = line.partition(": ")
        assert colon, f"no field: {line!r}"
        match name:
            case "event":
                assert not self._kind, "two names"
                self._kind = value
            case "data":
                self._data.append(value)
            case "id":
                assert "\0" not in value
                self.last_id = value
            case "retry":
                self.retry_ms = int(value)
            case _:
                raise AssertionError(f"no such field: {name!r}")
        return None

    def _dispatch(self) -> ServerSent | None:
        kind, data = self._kind, self._data
        self._kind, self._data = "", []
        if not data:
            assert not kind, "an event without data is none"
            return None
        return ServerSent(kind or "message", self.last_id, json.loads("\n".join(data)))
