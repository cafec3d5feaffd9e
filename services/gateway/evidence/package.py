"""A ZIP whose every byte is known beforehand, so that any range of it can be sent and nothing is copied.

Files are stored, not compressed: footage is already. The layout is APPNOTE.TXT's, with ZIP64 where sizes or
offsets need it (4.5.3). Pure.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")
_PLAIN, _ZIP64 = 20, 45  # version needed to extract (4.4.3)
_UNIX = 3 << 8
_READABLE = 0o100644 << 16
_UTF8 = 1 << 11  # of the names (4.4.4)
_MOST, _MOST_FILES = 0xFFFF_FFFF, 0xFFFF


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the evidence store."""

    key: str
    size: int
    crc32: int
    camera_uid: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package: its name, and what is in it."""

    name: str
    content: bytes | Stored

    @property
    def size(self) -> int:
        return self.content.size if isinstance(self.content, Stored) else len(self.content)

    @property
    def crc32(self) -> int:
        return self.content.crc32 if isinstance(self.content, Stored) else zlib.crc32(self.content)


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes [start, end) of something."""

    of: bytes | Stored
    start: int
    end: int


class Package:
    """What is sent, in order."""

    def __init__(self, entries: Sequence[Entry], time_ms: int) -> None:
        """`time_ms`: of all files, ms since 1970 UTC."""
        self._pieces: list[bytes | Stored] = []
        self.size = 0
        directory = b""
        stamp = _dos_time(time_ms)
        for entry in entries:
            directory += _central(entry, self.size, stamp)
            self._append(_local(entry, stamp))
            self._append(entry.content)
        begin = self.size
        self._append(directory)
        self._append(_end(len(entries), len(directory), begin))

    def between(self, start: int, end: int) -> Iterator[Slice]:
        """What makes up bytes [start, end)."""
        at = 0
        for piece in self._pieces:
            size = _size(piece)
            first, last = max(start - at, 0), min(end - at, size)
            if first < last:
                yield Slice(piece, first, last)
            at += size

    def _append(self, piece: bytes | Stored) -> None:
        self._pieces.append(piece)
        self.size += _size(piece)


def _size(piece: bytes | Stored) -> int:
    return piece.size if isinstance(piece, Stored) else len(piece)


def _local(entry: Entry, stamp: tuple[int, int]) -> bytes:
    """The header before a file (4.3.7)."""
    name, large = entry.name.encode(), entry.size >= _MOST
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    told = _MOST if large else entry.size
    header = _LOCAL.pack(
        b"PK\x03\x04",
        _ZIP64 if large else _PLAIN,
        _UTF8,
        0,
        *stamp,
        entry.crc32,
        told,
        told,
        len(name),
        len(extra),
    )
    return header + name + extra


def _central(entry: Entry, offset: int, stamp: tuple[int, int]) -> bytes:
    """Its line in the directory (4.3.12)."""
    name, large, far = entry.name.encode(), entry.size >= _MOST, offset >= _MOST
    wide = [entry.size, entry.size] * large + [offset] * far
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    told = _MOST if large else entry.size
    version = _ZIP64 if wide else _PLAIN
    header = _CENTRAL.pack(
        b"PK\x01\x02",
        _UNIX | version,
        version,
        _UTF8,
        0,
        *stamp,
        entry.crc32,
        told,
        told,
        len(name),
        len(extra),
        0,
        0,
        0,
        _READABLE,
        _MOST if far else offset,
    )
    return header + name + extra


def _end(files: int, size: int, offset: int) -> bytes:
    """The end of the directory (4.3.14 to 4.3.16)."""
    wide = b""
    if files >= _MOST_FILES or size >= _MOST or offset >= _MOST:
        wide = _END_64.pack(
            b"PK\x06\x06", 44, _UNIX | _ZIP64, _ZIP64, 0, 0, files, files, size, offset
        ) + _LOCATOR_64.pack(b"PK\x06\x07", 0, offset + size, 1)
    told = min(files, _MOST_FILES)
    return wide + _END.pack(b"PK\x05\x06", 0, 0, told, told, min(size, _MOST), min(offset, _MOST), 0)


def _dos_time(time_ms: int) -> tuple[int, int]:
    """Time and date as MS-DOS had them, which knew no time zone (4.4.6)."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (moment.year - 1980) << 9 | moment.month << 5 | moment.day
