"""The index object of a camera-day (`stored.proto`), encoded and decoded. Pure: no database, no store."""

import re
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from google.protobuf.message import DecodeError

from services.storage.segment import DAY_MS, MAX_DURATION_MS, Segment
from snowlight.api.storage.v1 import stored_pb2
from snowlight.errors import DataLossError

MAX_TABLE_BYTES = 1 << 20
"""The longest fragment table taken: an hour of 0.5 s fragments has 7,200, of about 6 bytes each."""

_LENGTH = struct.Struct(">I")
_NO_SHA256 = bytes(32)
_KEY = re.compile(r"idx/(?P<uid>[0-9a-z-]+)/(?P<day>\d{8})-(?P<generation>[1-9]\d{0,8})\.idx")
_INIT8 = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class DayKey:
    """The name of an index object. Each time a day is written anew its generation is a higher one."""

    camera_uid: str
    day: int
    """Days since 1970 UTC."""
    generation: int

    def __str__(self) -> str:
        date = datetime.fromtimestamp(self.day * DAY_MS / 1000, UTC).strftime("%Y%m%d")
        return f"idx/{self.camera_uid}/{date}-{self.generation}.idx"

    @classmethod
    def parse(cls, key: str) -> "DayKey":
        """Raises ValueError when `key` does not name an index object."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not name an index object")
        date = datetime.strptime(match["day"], "%Y%m%d").replace(tzinfo=UTC)
        return cls(match["uid"], int(date.timestamp()) * 1000 // DAY_MS, int(match["generation"]))


class Day:
    """The objects of one camera, UTC day and store, in order of (start, epoch, sequence)."""

    def __init__(self, name: str, data: bytes, header: stored_pb2.DayHeader, tables_at: int) -> None:
        """`data` is the whole index object, `name` how it is told of. Use `decode_day`."""
        self.camera_uid = header.camera_uid
        self.day = header.day
        self.store = header.store
        self.size = len(data)
        """Of the index object, bytes."""
        self._name = name
        self._data = data
        self._header = header
        self._starts = array("q", accumulate(header.start_delta_ms, initial=header.day * DAY_MS))[1:]
        self._tables_at = array("q", accumulate(header.table_size, initial=tables_at))

    def __len__(self) -> int:
        return len(self._starts)

    def segments(self, kept_from_ms: int = 0, *, fragments: bool = True) -> list[Segment]:
        """All that start at `kept_from_ms` or later. Raises DataLossError."""
        return self._segments(range(bisect_left(self._starts, kept_from_ms), len(self)), fragments)

    def within(
        self, start_ms: int, end_ms: int, *, kept_from_ms: int = 0, fragments: bool = True
    ) -> list[Segment]:
        """Those of `segments` that lie in [start_ms, end_ms) or reach into it. Raises DataLossError."""
        starts, durations = self._starts, self._header.duration_ms
        first = bisect_left(starts, max(kept_from_ms, start_ms - MAX_DURATION_MS + 1))
        chosen = range(first, bisect_left(starts, end_ms))
        return self._segments([at for at in chosen if starts[at] + durations[at] > start_ms], fragments)

    def _segments(self, chosen: Iterable[int], fragments: bool) -> list[Segment]:
        header = self._header  # each look at a column makes an object: one look for all segments
        starts, durations, sizes = self._starts, header.duration_ms, header.size
        epochs, sequences, sessions = header.epoch, header.sequence, header.session
        init_sizes, sha256 = header.init_size, header.sha256
        inits, init = list(header.inits), header.init
        codecs, codec = list(header.codecs), header.codec
        return [
            Segment(
                self.camera_uid,
                starts[at],
                durations[at],
                epochs[at],
                sequences[at],
                inits[init[at]],
                self.store,
                sizes[at],
                sessions[at],
                init_sizes[at],
                codecs[codec[at]],
                _known(sha256[32 * at : 32 * at + 32]),
                self._table(at) if fragments else b"",
            )
            for at in chosen
        ]

    def _table(self, at: int) -> bytes:
        unpacker = zlib.decompressobj()
        try:
            table = unpacker.decompress(
                self._data[self._tables_at[at] : self._tables_at[at + 1]], MAX_TABLE_BYTES
            )
        except zlib.error as error:
            raise _damaged(self._name, f"fragment table {at} cannot be unpacked") from error
        if not unpacker.eof:
            raise _damaged(self._name, f"fragment table {at} is cut short or too long")
        return table


def encode_day(camera_uid: str, day: int, store: str, segments: Sequence[Segment]) -> bytes:
    """The index object of `segments`, which all are that camera's, start on that day and lie in `store`."""
    ordered = sorted(segments, key=order_of)
    inits = _numbered(segment.init8 for segment in ordered)
    codecs = _numbered(segment.codecs for segment in ordered)
    starts = [day * DAY_MS, *(segment.start_ms for segment in ordered)]
    tables = [zlib.compress(segment.fragments) for segment in ordered]
    header = stored_pb2.DayHeader(
        camera_uid=camera_uid,
        day=day,
        store=store,
        start_delta_ms=[after - before for before, after in pairwise(starts)],
        duration_ms=[segment.duration_ms for segment in ordered],
        epoch=[segment.epoch for segment in ordered],
        sequence=[segment.sequence for segment in ordered],
        size=[segment.size for segment in ordered],
        session=[segment.session for segment in ordered],
        init_size=[segment.init_size for segment in ordered],
        init=[inits[segment.init8] for segment in ordered],
        codec=[codecs[segment.codecs] for segment in ordered],
        sha256=b"".join(segment.sha256 or _NO_SHA256 for segment in ordered),
        table_size=[len(table) for table in tables],
        inits=list(inits),
        codecs=list(codecs),
    ).SerializeToString()
    content = b"".join((_LENGTH.pack(len(header)), header, *tables))
    return content + _LENGTH.pack(zlib.crc32(content))


def decode_day(data: bytes, name: str) -> Day:
    """The day that `data` tells, an object called `name`.

    Raises DataLossError that names the object when it is damaged, cut short or something else.
    """
    if len(data) < 2 * _LENGTH.size:
        raise _damaged(name, "it is too short")
    content_end = len(data) - _LENGTH.size
    if zlib.crc32(memoryview(data)[:content_end]) != _LENGTH.unpack_from(data, content_end)[0]:
        raise _damaged(name, "its checksum is wrong")
    tables_at = _LENGTH.size + _LENGTH.unpack_from(data)[0]
    try:
        header = stored_pb2.DayHeader.FromString(data[_LENGTH.size : tables_at])
    except DecodeError as error:
        raise _damaged(name, "its header cannot be read") from error
    problem = _problem(header, content_end - tables_at)
    if problem:
        raise _damaged(name, problem)
    day = Day(name, data, header, tables_at)
    problem = _out_of_place(day)
    if problem:
        raise _damaged(name, problem)
    return day


def order_of(segment: Segment) -> tuple[int, int, int]:
    """The order in which a camera's segments are told."""
    return (segment.start_ms, segment.epoch, segment.sequence)


def _problem(header: stored_pb2.DayHeader, tables_bytes: int) -> str:
    """What of the header cannot be true; empty when nothing."""
    count = len(header.start_delta_ms)
    columns = (
        *(header.duration_ms, header.epoch, header.sequence, header.size, header.session),
        *(header.init_size, header.init, header.codec, header.table_size),
    )
    if any(len(column) != count for column in columns) or len(header.sha256) != 32 * count:
        return "its columns differ in length"
    if max(header.init, default=-1) >= len(header.inits):
        return "an init section is not named"
    if max(header.codec, default=-1) >= len(header.codecs):
        return "a codec is not named"
    if not all(_INIT8.fullmatch(init8) for init8 in header.inits):
        return "an init section is named wrongly"
    if sum(header.table_size) != tables_bytes:
        return "its fragment tables have another length"
    return ""


def _out_of_place(day: Day) -> str:
    begin_ms = day.day * DAY_MS
    starts = day._starts
    if starts and not (begin_ms <= min(starts) and max(starts) < begin_ms + DAY_MS):
        return "an object starts on another day"
    if any(after < before for before, after in pairwise(starts)):
        return "its objects are not in order"
    if not all(0 < duration_ms <= MAX_DURATION_MS for duration_ms in day._header.duration_ms):
        return "an object's duration cannot be"
    return ""


def _numbered(values: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for value in values:
        numbers.setdefault(value, len(numbers))
    return numbers


def _known(sha256: bytes) -> bytes:
    """A hash that was not known when the day was packed is written as zeros."""
    return b"" if sha256 == _NO_SHA256 else sha256


def _damaged(name: str, problem: str) -> DataLossError:
    return DataLossError("storage.index_object_damaged", f"{name}: {problem}")
