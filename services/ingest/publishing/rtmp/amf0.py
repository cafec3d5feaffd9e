"""AMF 0 (Action Message Format 0, 2007) as publishers write it, read with bounds and written back."""

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias

Value: TypeAlias = "float | bool | str | Mapping[str, Value] | Sequence[Value] | None"
"""Undefined is None; a date is its number, ms since 1970 UTC; an ECMA array is an object."""

MAX_VALUES = 512
"""In all values of one message, those inside others counted."""
MAX_DEPTH = 8


class Marker(IntEnum):
    """What a value begins with (AMF 0, 2.1). Movie clips, references, XML and typed objects are not read."""

    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    ECMA_ARRAY = 8
    OBJECT_END = 9
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12


class MalformedValueError(ValueError):
    """Bytes that are no AMF 0, or more of it than a publisher has reason to send."""


def read_values(data: bytes) -> list[Value]:
    """All values of a message. Raises MalformedValueError, in time and memory that `data` bounds."""
    reader = _Reader(data)
    values = []
    while reader.position < len(data):
        values.append(reader.value(MAX_DEPTH))
    return values


def write_values(*values: Value) -> bytes:
    """`values` one behind the other."""
    return b"".join(map(_written, values))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.position = 0
        self._data = data
        self._left = MAX_VALUES

    def value(self, depth: int) -> Value:
        self._left -= 1
        if self._left < 0:
            raise MalformedValueError(f"more than {MAX_VALUES} values")
        if depth == 0:
            raise MalformedValueError(f"values more than {MAX_DEPTH} deep")
        marker = self._take(1)[0]
        match marker:
            case Marker.NUMBER:
                return float(struct.unpack(">d", self._take(8))[0])
            case Marker.BOOLEAN:
                return self._take(1) != b"\x00"
            case Marker.STRING:
                return self._text(2)
            case Marker.OBJECT:
                return self._members(depth)
            case Marker.NULL | Marker.UNDEFINED:
                return None
            case Marker.ECMA_ARRAY:
                self._take(4)  # a count that writers do not agree on; the end is marked
                return self._members(depth)
            case Marker.STRICT_ARRAY:
                count = int.from_bytes(self._take(4), "big")
                if count > self._left:
                    raise MalformedValueError(f"more than {MAX_VALUES} values")
                return [self.value(depth - 1) for _ in range(count)]
            case Marker.DATE:
                moment = float(struct.unpack(">d", self._take(8))[0])
                self._take(2)  # a time zone, reserved
                return moment
            case Marker.LONG_STRING:
                return self._text(4)
        raise MalformedValueError(f"a value of type {marker}")

    def _members(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while True:
            name = self._text(2)
            if not name and self._data[self.position : self.position + 1] == bytes((Marker.OBJECT_END,)):
                self.position += 1
                return members
            members[name] = self.value(depth - 1)

    def _text(self, length_size: int) -> str:
        length = int.from_bytes(self._take(length_size), "big")
        return self._take(length).decode("utf-8", "replace")

    def _take(self, count: int) -> bytes:
        taken = self._data[self.position : self.position + count]
        if len(taken) < count:
            raise MalformedValueError("a value that is cut off")
        self.position += count
        return taken


def _written(value: Value) -> bytes:
    match value:
        case None:
            return bytes((Marker.NULL,))
        case bool():
            return bytes((Marker.BOOLEAN, value))
        case int() | float():
            return bytes((Marker.NUMBER,)) + struct.pack(">d", value)
        case str():
            return bytes((Marker.STRING,)) + _written_text(value)
        case Mapping():
            members = (_written_text(name) + _written(member) for name, member in value.items())
            return bytes((Marker.OBJECT,)) + b"".join(members) + bytes((0, 0, Marker.OBJECT_END))
        case _:
            items = b"".join(map(_written, value))
            return bytes((Marker.STRICT_ARRAY,)) + len(value).to_bytes(4, "big") + items


def _written_text(text: str) -> bytes:
    data = text.encode()[:0xFFFF]
    return len(data).to_bytes(2, "big") + data
