"""Boxes of the ISO base media file format (ISO/IEC 14496-12), as far as recorded footage needs them.

A recorded object is `[ftyp moov]([prft] moof mdat)*[mfra]`; its video is track 1, in 90 kHz, audio track 2.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from mmap import mmap
from typing import Final, NamedTuple

VIDEO_TRACK: Final = 1
AUDIO_TRACK: Final = 2
VIDEO_TIMESCALE: Final = 90_000
LONGEST_FRAGMENT_MS: Final = 60_000
"""One ends with the first picture after half a second; the slowest cameras send one in ten seconds."""

Buffer = bytes | bytearray | memoryview | mmap

_HEADER: Final = struct.Struct(">I4s")
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")
_PRFT: Final = struct.Struct(">I4sIIIIQ")
PRFT_SIZE: Final = _PRFT.size
_NTP_EPOCH_S: Final = 2_208_988_800  # seconds from 1900 to 1970 (RFC 5905)
_PRFT_FLAGS: Final = 1 << 24  # version 1; flags 0: the time at which the sample came in (8.16.5.3)
_NON_SYNC: Final = 0x0001_0000  # sample_is_non_sync_sample (8.8.3.1)
_TABLE_TYPE: Final = bytes.fromhex("6f0b8f0d5f0c4b5f9a3c8e1d2b7a4c55")  # our own box within mfra
MFRO_SIZE: Final = 16
_DRIFT_MS: Final = 1000  # between the wall clock and a fragment's samples, far more than there is
_DAMAGE: Final = (ValueError, LookupError, ArithmeticError, struct.error)  # what a damaged box may raise


class MovieFragment(NamedTuple):
    """The video track of one `moof`, in units of its timescale."""

    decode_time: int
    """baseMediaDecodeTime of `tfdt` (8.8.12)."""
    duration: int
    samples: int
    independent: bool
    """The first sample is a sync sample."""


@dataclass(frozen=True, slots=True)
class ScannedFragment:
    """One whole `[prft] moof mdat` found in a file."""

    start_ms: int
    """Wall time of the first sample by `prft`, ms since 1970 UTC."""
    duration_ms: int
    """Until its successor starts; of the last one, as long as its samples."""
    offset: int
    size: int
    movie: MovieFragment


@dataclass(frozen=True, slots=True)
class Scan:
    """What a file holds, up to the first byte that is not part of a whole fragment in its place in time."""

    init_size: int
    fragments: tuple[ScannedFragment, ...]
    end: int
    """Offset behind the last whole fragment."""
    finished: bool
    """A whole `mfra` ends the file."""


def iterate(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the content, end) of the boxes in `data[start:end]` (4.2).

    Raises ValueError when a box is longer than what holds it.
    """
    end = len(data) if end is None else end
    while start < end:
        kind, content, box_end = _box(data, start, end)
        yield kind, content, box_end
        start = box_end


def box(kind: bytes, *content: bytes) -> bytes:
    """A box around `content`."""
    return b"".join((_HEADER.pack(8 + sum(map(len, content)), kind), *content))


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box that begins with version and flags (4.2)."""
    return box(kind, _U32.pack(version << 24 | flags), *content)


def parse_moof(data: Buffer, start: int = 0) -> MovieFragment:
    """The video track of the `moof` at `start`. Raises ValueError when there is none."""
    movie = _parse_moof(data, start)
    if movie is None:
        raise ValueError("the fragment has no video")
    return movie


def _parse_moof(data: Buffer, start: int) -> MovieFragment | None:
    kind, position, end = _box(data, start, len(data))
    if kind != b"moof":
        raise ValueError("no moof box")
    while position < end:
        kind, content, position = _box(data, position, end)
        if kind == b"traf":
            movie = _parse_traf(data, content, position)
            if movie is not None:
                return movie
    return None


def _parse_traf(data: Buffer, position: int, end: int) -> MovieFragment | None:
    decode_time = duration = samples = default_duration = default_flags = 0
    independent = False
    while position < end:
        kind, content, position = _box(data, position, end)
        if kind == b"tfhd":
            (flags,) = _U32.unpack_from(data, content)
            if _U32.unpack_from(data, content + 4)[0] != VIDEO_TRACK:
                return None
            field = content + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
            if flags & 0x8:
                (default_duration,) = _U32.unpack_from(data, field)
                field += 4
            field += 4 if flags & 0x10 else 0
            if flags & 0x20:
                (default_flags,) = _U32.unpack_from(data, field)
        elif kind == b"tfdt":
            (decode_time,) = (_U64 if data[content] else _U32).unpack_from(data, content + 4)
        elif kind == b"trun":
            flags, count = struct.unpack_from(">II", data, content)
            field = content + 8 + (4 if flags & 0x1 else 0)
            first_flags = default_flags
            if flags & 0x4:
                (first_flags,) = _U32.unpack_from(data, field)
                field += 4
            columns = (flags >> 8 & 0xF).bit_count()
            if field + 4 * columns * count > position:
                raise ValueError("trun is longer than its box")
            if flags & 0x100:
                duration += sum(struct.unpack_from(f">{columns * count}I", data, field)[::columns])
            else:
                duration += default_duration * count
            if flags & 0x400 and not flags & 0x4 and count:
                at = field + 4 * (flags >> 8 & 0x3).bit_count()
                (first_flags,) = _U32.unpack_from(data, at)
            if not samples:
                independent = not first_flags & _NON_SYNC
            samples += count
    return MovieFragment(decode_time, duration, samples, independent) if samples else None


def movie_fragment_number(data: Buffer) -> int:
    """sequence_number of the first movie fragment in `data` (8.8.5). Raises ValueError when there is none."""
    for kind, content, end in iterate(data):
        if kind == b"moof":
            for inner, inner_content, inner_end in iterate(data, content, end):
                if inner == b"mfhd" and inner_end - inner_content >= 8:
                    return int(_U32.unpack_from(data, inner_content + 4)[0])
            break
    raise ValueError("no numbered movie fragment")


def build_prft(capture_ms: int, media_time: int) -> bytes:
    """A producer reference time box (8.16.5): the video at `media_time` was captured at `capture_ms`."""
    seconds, ms = divmod(capture_ms, 1000)
    fraction = ((ms << 32) + 500) // 1000
    return _PRFT.pack(
        PRFT_SIZE, b"prft", _PRFT_FLAGS, VIDEO_TRACK, seconds + _NTP_EPOCH_S, fraction, media_time
    )


def parse_prft(data: Buffer, start: int = 0) -> int:
    """The capture time of the `prft` at `start`, ms since 1970 UTC. Raises ValueError when there is none."""
    kind, content, end = _box(data, start, len(data))
    if kind != b"prft" or end - content < 20:
        raise ValueError("no prft box")
    (ntp,) = _U64.unpack_from(data, content + 8)
    seconds, fraction = ntp >> 32, ntp & 0xFFFF_FFFF
    return int((seconds - _NTP_EPOCH_S) * 1000 + (fraction * 1000 + (1 << 31) >> 32))


def build_mfra(sync: Sequence[tuple[int, int]], table: bytes) -> bytes:
    """A movie fragment random access box (8.8.9).

    `sync`: (media time, offset of the `moof`) of each fragment that begins with a sync sample. `table`: the
    serialised SegmentFooter of all fragments, so that an index can be rebuilt by one read of the end.
    """
    entries = b"".join(struct.pack(">QQBBB", time, offset, 1, 1, 1) for time, offset in sync)
    tfra = full_box(b"tfra", 1, 0, struct.pack(">III", VIDEO_TRACK, 0, len(sync)), entries)
    uuid = box(b"uuid", _TABLE_TYPE, table)
    size = 8 + len(tfra) + len(uuid) + MFRO_SIZE
    return box(b"mfra", tfra, uuid, full_box(b"mfro", 0, 0, _U32.pack(size)))


def mfra_size(tail: Buffer) -> int:
    """How many bytes at the end of an object its `mfra` takes, by `mfro` (8.8.11). `tail`: its last 16 bytes.

    Raises ValueError when the object does not end with one.
    """
    kind, content, _ = _box(tail, len(tail) - MFRO_SIZE, len(tail))
    if kind != b"mfro":
        raise ValueError("no mfro at the end")
    return int(_U32.unpack_from(tail, content + 4)[0])


def parse_mfra_table(mfra: Buffer) -> bytes:
    """The serialised SegmentFooter, a FragmentTable as well, within an `mfra`.

    Raises ValueError when there is none.
    """
    kind, content, end = _box(mfra, 0, len(mfra))
    if kind == b"mfra":
        for kind, inner, inner_end in iterate(mfra, content, end):
            if kind == b"uuid" and bytes(mfra[inner : inner + 16]) == _TABLE_TYPE:
                return bytes(mfra[inner + 16 : inner_end])
    raise ValueError("no fragment table")


def init_size(data: Buffer) -> int:
    """Length of `[ftyp moov]` at the start of `data`. Raises ValueError when it is not whole."""
    for kind, _, end in iterate(data):
        if kind == b"moov":
            return end
        if kind != b"ftyp":
            break
    raise ValueError("no init section")


def scan(data: Buffer) -> Scan:
    """Find the whole fragments of a file. Raises ValueError when not even its init section is whole.

    A fragment that does not start about where its predecessor's samples end is damaged: the whole part ends
    before it.
    """
    init = position = init_size(data)
    found: list[ScannedFragment] = []
    finished = False
    while not finished:
        try:
            kind, content, end = _box(data, position, len(data))
            if kind == b"mfra":
                finished = mfra_size(data[content:end]) == end - position
                break
            start_ms = parse_prft(data, position)
            movie, mdat_end = find_movie(data, end)
        except _DAMAGE:
            break
        duration_ms = max(1, round(movie.duration * 1000 / VIDEO_TIMESCALE))
        if duration_ms > LONGEST_FRAGMENT_MS:
            break
        if found:
            lasted_ms = start_ms - found[-1].start_ms
            if not 0 < lasted_ms <= found[-1].duration_ms + _DRIFT_MS:
                break
            found[-1] = replace(found[-1], duration_ms=lasted_ms)
        found.append(ScannedFragment(start_ms, duration_ms, position, mdat_end - position, movie))
        position = mdat_end
    return Scan(init, tuple(found), position, finished)


def find_movie(data: Buffer, position: int) -> tuple[MovieFragment, int]:
    """The video of the `(moof mdat)+` at `position`, and where they end.

    One pair has video, audio alone may precede and follow it. Raises ValueError when there is no such pair.
    """
    movie: MovieFragment | None = None
    while True:
        try:
            _, _, moof_end = _box(data, position, len(data))
            following = _parse_moof(data, position)
            kind, _, mdat_end = _box(data, moof_end, len(data))
            if kind != b"mdat":
                raise ValueError("no mdat after moof")
        except _DAMAGE:
            if movie is None:
                raise
            return movie, position
        if movie is not None and following is not None:
            return movie, position
        movie = movie or following
        position = mdat_end


def _box(data: Buffer, start: int, end: int) -> tuple[bytes, int, int]:
    if start < 0 or start + 8 > end:
        raise ValueError("no box")
    size, kind = _HEADER.unpack_from(data, start)
    content = start + 8
    if size == 1 and start + 16 <= end:
        (size,) = _U64.unpack_from(data, content)
        content += 8
    if size < content - start or start + size > end:
        raise ValueError(f"box of {size} bytes in {end - start}")
    return kind, content, start + size
