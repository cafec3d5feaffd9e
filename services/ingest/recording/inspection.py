"""What a file holds that an earlier run left in the spool, found out by reading as little as will do."""

import os
import struct
from dataclasses import dataclass
from hashlib import sha256
from mmap import mmap
from pathlib import Path

from google.protobuf.message import DecodeError

from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.status.gaps import Gap
from snowlight.api.storage.v1 import stored_pb2
from snowlight.media.boxes import (
    LONGEST_FRAGMENT_MS,
    MFRO_SIZE,
    PRFT_SIZE,
    init_size,
    mfra_size,
    parse_mfra_table,
    parse_prft,
    scan,
)
from snowlight.media.description import describe

# What reading nonsense may raise, and reading from a broken disk.
NOT_FOOTAGE = (OSError, ValueError, LookupError, ArithmeticError, struct.error, DecodeError)

_LONGEST_MFRA = 1 << 20
_LONGEST_BOX = 1 << 20  # of any but `mdat`
_PIECE = 4 << 10  # prft, moof and the head of mdat, most often
_TORN_MS = 3000  # a fragment is 0.5 s, or a GOP of a camera that has long ones


@dataclass(slots=True)
class Found:
    """A file that holds footage, not touched yet."""

    file: SpoolFile
    end: int
    """Behind its last whole fragment, bytes."""
    torn: bool
    """More than whole fragments was written of footage."""
    written_ms: int
    finished: bool
    """Nothing is missing of its end."""

    def cut(self, longest_ms: int, is_newest: bool) -> Gap | None:
        """What its torn tail held.

        Of its camera's newest file, only where that was more than the fragment that was just being written:
        the gap until the camera is recorded again begins there.
        """
        file = self.file
        end_ms = min(self.written_ms, file.start_ms + longest_ms)
        if not self.torn or end_ms - file.end_ms <= (_TORN_MS if is_newest else 0):
            return None
        return Gap(file.name.uid, file.end_ms, end_ms, "spool_lost")

    def finish(self) -> None:
        """Cut the torn tail and write what is missing of the end. Raises OSError."""
        file = self.file
        if not self.finished:
            os.truncate(file.path, self.end)
            file.descriptor = os.open(file.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            file.finish()


def inspect(path: Path) -> Found:
    """What a file holds. Blocks. Raises one of NOT_FOOTAGE when it is no footage that could be found."""
    name = SpoolName.parse(path.name)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        size, written_ms = status.st_size, status.st_mtime_ns // 1_000_000
        # Read, not mapped: a bad sector is an error then, and not the end of the process.
        head = os.pread(descriptor, 2 * _PIECE, 0)
        try:
            footer, end = _footer(descriptor, size)
            _check(footer, name, head, end, descriptor)
            file = SpoolFile.finished(path, name, footer, size)
            return Found(file, end, False, written_ms, finished=True)
        except NOT_FOOTAGE:  # it was being written, most often
            file, end, torn = _scanned(path, name, descriptor, size)
            return Found(file, end, torn, written_ms, finished=False)
    finally:
        os.close(descriptor)


def _footer(descriptor: int, size: int) -> tuple[stored_pb2.SegmentFooter, int]:
    """The table at the end of a file, and where the fragments before it end. Raises one of NOT_FOOTAGE."""
    piece = min(_PIECE, size)
    tail = os.pread(descriptor, piece, size - piece)
    length = mfra_size(tail[-MFRO_SIZE:])
    if not MFRO_SIZE < length <= min(_LONGEST_MFRA, size):
        raise ValueError("no mfra can be so long")
    mfra = tail[-length:] if length <= len(tail) else os.pread(descriptor, length, size - length)
    return stored_pb2.SegmentFooter.FromString(parse_mfra_table(mfra)), size - length


def _check(footer: stored_pb2.SegmentFooter, name: SpoolName, head: bytes, end: int, descriptor: int) -> None:
    """The footer agrees with name, init section and size of the file, and with when its last fragment starts.

    Raises one of NOT_FOOTAGE when it does not.
    """
    init = _checked_init(head, name)
    if (footer.init_size, footer.session) != (len(init), name.session):
        raise ValueError("the footer is not this file's")
    if footer.codecs != describe(init).codecs:
        raise ValueError("the footer tells of another codec than the init section")
    durations, sizes = footer.duration_ms, footer.size
    if len(init) + sum(sizes) != end or not 0 < min(durations) <= max(durations) <= LONGEST_FRAGMENT_MS:
        raise ValueError("the fragment table is not of what is in the file")
    last = os.pread(descriptor, PRFT_SIZE, end - sizes[-1])
    last_ms = name.start_ms + sum(durations[:-1])
    if parse_prft(head, len(init)) != name.start_ms or parse_prft(last) != last_ms:
        raise ValueError("a fragment does not start when name and table tell")


def _scanned(path: Path, name: SpoolName, descriptor: int, size: int) -> tuple[SpoolFile, int, bool]:
    """The file by its fragments, where the last whole one ends, and whether footage was torn behind that.

    Raises one of NOT_FOOTAGE.
    """
    if not size:
        raise ValueError("the file is empty")
    with mmap(-1, size) as data:
        _read_tables(descriptor, data)
        init = _checked_init(data, name)
        found = scan(data)
        torn = found.end < size and data[found.end + 4 : found.end + 8] != b"mfra"
    if not found.fragments:
        raise ValueError("no whole fragment")
    if found.fragments[0].start_ms != name.start_ms:
        raise ValueError("the first fragment does not start when the name tells")
    file = SpoolFile(path, name, found.init_size, describe(init).codecs)
    file.recovered = True
    for fragment in found.fragments:
        file.note(
            fragment.duration_ms,
            fragment.size,
            fragment.movie.independent,
            lossy=False,
            media_time=fragment.movie.decode_time,
        )
    return file, found.end, torn


def _read_tables(descriptor: int, data: mmap) -> None:
    """Read a file into `data`, which has its size, without the pictures: pages nobody touches take no memory.

    Ends where there are no more boxes. Raises OSError where the disk does not give them.
    """
    position = known = 0
    while position + 8 <= len(data):
        if position + 16 > known:
            known = _read(descriptor, data, position, position + _PIECE)
        size, kind = struct.unpack_from(">I4s", data, position)
        if size == 1 and position + 16 <= known:
            (size,) = struct.unpack_from(">Q", data, position + 8)
        end = position + size
        if size < 8 or end > len(data) or (kind != b"mdat" and size > _LONGEST_BOX):
            return
        if kind != b"mdat" and end > known:
            known = _read(descriptor, data, known, end)
        position = end


def _read(descriptor: int, data: mmap, start: int, end: int) -> int:
    """Read the bytes from `start` to `end`, or the file's end. Returns where they end."""
    piece = os.pread(descriptor, min(end, len(data)) - start, start)
    data[start : start + len(piece)] = piece
    return start + len(piece)


def _checked_init(data: bytes | mmap, name: SpoolName) -> bytes:
    init = data[: init_size(data)]
    if sha256(init).hexdigest()[:8] != name.init8:
        raise ValueError("the init section is not the one that the name tells")
    return init
