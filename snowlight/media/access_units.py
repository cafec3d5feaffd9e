"""Access units taken out of movie fragments: what decoders and analysers take that know no ISO base media.

H.264 and H.265 become byte streams (ITU-T H.264 and H.265, annex B), with the parameter sets of the sample
description before each key frame; AAC comes as raw frames (ISO/IEC 14496-3, 4.4.2.1).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from snowlight.media.boxes import VIDEO_TRACK, Buffer, iterate
from snowlight.media.description import Track

_START_CODE = b"\x00\x00\x00\x01"
_NON_SYNC = 0x0001_0000  # sample_is_non_sync_sample (ISO/IEC 14496-12, 8.8.3.1)
_AVC_DELIMITER, _AVC_SPS = 9, 7  # nal_unit_type (H.264, table 7-1)
_HEVC_DELIMITER, _HEVC_VPS = 35, 32  # (H.265, table 7-1)
_BASE_DATA_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20  # of tfhd (8.8.7.1)
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # of trun (8.8.8.1)
_DURATIONS, _SIZES, _SAMPLE_FLAGS, _COMPOSITION_OFFSETS = 0x100, 0x200, 0x400, 0x800
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")

_Form = Callable[[bytes, bool], bytes]
"""A sample, and whether it is a key frame, to an access unit."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture, or one frame of sound."""

    track: int
    decode_time: int
    """In the track's timescale, as the next one."""
    presentation_time: int
    key_frame: bool
    after_start_ms: int
    """Since the instant that the fragment's start tells."""
    data: bytes


@dataclass(frozen=True, slots=True)
class _Sample:
    track: int
    decode_time: int
    offset: int
    is_sync: bool
    position: int
    size: int


class AccessUnits:
    """Of one mux session."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        """`tracks`: those wanted of the init section's; samples of others are left out. Raises ValueError for
        a damaged decoder configuration."""
        self._timescales = {track.id: track.timescale for track in tracks}
        self._forms: dict[int, _Form] = {track.id: _form_of(track) for track in tracks}

    def of(self, fragment: Buffer) -> list[AccessUnit]:
        """Those of `[prft] (moof mdat)+`, by decode time. Raises ValueError when it is damaged."""
        data = bytes(fragment)
        samples: list[_Sample] = []
        reference: int | None = None
        position = 0
        try:
            for kind, content, end in iterate(data):
                if kind == b"prft":
                    (reference,) = _U64.unpack_from(data, content + 16)
                elif kind == b"moof":
                    samples += _samples(data, position, content, end)
                position = end
        except struct.error as error:
            raise ValueError("a box ends early") from error
        units = [
            sample
            for sample in samples
            if sample.track in self._forms and sample.position + sample.size <= len(data)
        ]
        if len(units) < sum(sample.track in self._forms for sample in samples):
            raise ValueError("a sample lies outside of the fragment")
        start_s = self._start_s(units, reference)
        units.sort(key=lambda sample: sample.decode_time / self._timescales[sample.track])
        return [self._unit(data, sample, start_s) for sample in units]

    def _start_s(self, samples: Sequence[_Sample], reference: int | None) -> float:
        """The media time at which the fragment starts: as its `prft` says, else its first picture's."""
        first = next((each for each in samples if each.track == VIDEO_TRACK), samples[0] if samples else None)
        if first is None:
            return 0.0
        if reference is not None and first.track == VIDEO_TRACK:
            return reference / self._timescales[VIDEO_TRACK]
        return (first.decode_time + first.offset) / self._timescales[first.track]

    def _unit(self, data: bytes, sample: _Sample, start_s: float) -> AccessUnit:
        presentation_time = sample.decode_time + sample.offset
        after_s = presentation_time / self._timescales[sample.track] - start_s
        raw = data[sample.position : sample.position + sample.size]
        return AccessUnit(
            sample.track,
            sample.decode_time,
            presentation_time,
            sample.is_sync,
            round(after_s * 1000),
            self._forms[sample.track](raw, sample.is_sync),
        )


def _samples(data: bytes, moof: int, start: int, end: int) -> Iterator[_Sample]:
    for kind, content, box_end in iterate(data, start, end):
        if kind == b"traf":
            yield from _track_samples(data, moof, content, box_end)


def _track_samples(data: bytes, moof: int, start: int, end: int) -> Iterator[_Sample]:
    """Of a track fragment, whose offsets count from its `moof` (default-base-is-moof)."""
    track = time = duration = size = flags = 0
    position = moof
    for kind, content, box_end in iterate(data, start, end):
        if kind == b"tfhd":
            track, duration, size, flags = _defaults(data, content)
        elif kind == b"tfdt":
            (time,) = (_U64 if data[content] else _U32).unpack_from(data, content + 4)
        elif kind == b"trun":
            has, count = struct.unpack_from(">II", data, content)
            field = content + 8
            if has & _DATA_OFFSET:
                position = moof + struct.unpack_from(">i", data, field)[0]
                field += 4
            first_flags = _U32.unpack_from(data, field)[0] if has & _FIRST_FLAGS else None
            field += 4 if has & _FIRST_FLAGS else 0
            width = (has >> 8 & 0xF).bit_count()
            if field + 4 * width * count > box_end or count > len(data) or not (has & _SIZES or size):
                raise ValueError("trun does not tell what its samples are")
            for row in range(count):
                at = field + 4 * width * row
                lasts, long, told, offset = duration, size, flags, 0
                if has & _DURATIONS:
                    (lasts,) = _U32.unpack_from(data, at)
                    at += 4
                if has & _SIZES:
                    (long,) = _U32.unpack_from(data, at)
                    at += 4
                if has & _SAMPLE_FLAGS:
                    (told,) = _U32.unpack_from(data, at)
                    at += 4
                if has & _COMPOSITION_OFFSETS:
                    (offset,) = struct.unpack_from(">i", data, at)
                if row == 0 and first_flags is not None:
                    told = first_flags
                yield _Sample(track, time, offset, not told & _NON_SYNC, position, long)
                time += lasts
                position += long


def _defaults(data: bytes, content: int) -> tuple[int, int, int, int]:
    """Track, duration, size and flags that a `tfhd` tells for all samples."""
    has, track = struct.unpack_from(">II", data, content)
    if has & _BASE_DATA_OFFSET:
        raise ValueError("offsets that count from the beginning of a file")
    field = content + (12 if has & _DESCRIPTION else 8)
    found = []
    for flag in (_DURATION, _SIZE, _FLAGS):
        found.append(_U32.unpack_from(data, field)[0] if has & flag else 0)
        field += 4 if has & flag else 0
    return track, *found


def _form_of(track: Track) -> _Form:
    if not track.is_video:
        return lambda sample, _key: sample
    record = track.configuration
    try:
        if track.codec.startswith("avc1"):
            return _ByteStream(record[4] & 3, _avc_sets(record), _avc_type, _AVC_DELIMITER, _AVC_SPS)
        return _ByteStream(record[21] & 3, _hevc_sets(record), _hevc_type, _HEVC_DELIMITER, _HEVC_VPS)
    except (LookupError, struct.error) as error:
        raise ValueError("the decoder configuration ends early") from error


class _ByteStream:
    """Writes start codes in place of lengths."""

    def __init__(
        self,
        length_size_minus_one: int,
        sets: Sequence[bytes],
        type_of: Callable[[int], int],
        delimiter: int,
        first_set: int,
    ) -> None:
        self._length_size = length_size_minus_one + 1
        self._sets = b"".join(_START_CODE + each for each in sets)
        self._type_of = type_of
        self._delimiter = delimiter
        self._first_set = first_set

    def __call__(self, sample: bytes, is_key: bool) -> bytes:
        units: list[bytes] = []
        position, size = 0, self._length_size
        wants_sets = is_key
        while position < len(sample):
            begin = position + size
            position = begin + int.from_bytes(sample[position:begin])
            if begin >= position or position > len(sample):
                raise ValueError("a NAL unit is empty or ends outside of its sample")
            kind = self._type_of(sample[begin])
            if wants_sets and kind != self._delimiter:
                if kind != self._first_set:  # else it has them with it
                    units.append(self._sets)
                wants_sets = False
            units += (_START_CODE, sample[begin:position])
        return b"".join(units)


def _avc_type(first_byte: int) -> int:
    return first_byte & 0x1F


def _hevc_type(first_byte: int) -> int:
    return first_byte >> 1 & 0x3F


def _avc_sets(record: bytes) -> list[bytes]:
    """Sequence and picture parameter sets (ISO/IEC 14496-15, 5.3.3.1)."""
    sets: list[bytes] = []
    position = 5
    for mask in (0x1F, 0xFF):
        count = record[position] & mask
        position = _take(record, position + 1, count, sets)
    return sets


def _hevc_sets(record: bytes) -> list[bytes]:
    """All that is told before pictures (ISO/IEC 14496-15, 8.3.3.1)."""
    sets: list[bytes] = []
    position = 23
    for _ in range(record[22]):
        (count,) = struct.unpack_from(">H", record, position + 1)
        position = _take(record, position + 3, count, sets)
    return sets


def _take(record: bytes, position: int, count: int, sets: list[bytes]) -> int:
    for _ in range(count):
        (size,) = struct.unpack_from(">H", record, position)
        if position + 2 + size > len(record):
            raise LookupError("a parameter set ends outside of its record")
        sets.append(record[position + 2 : position + 2 + size])
        position += 2 + size
    return position
