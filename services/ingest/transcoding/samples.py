"""A fragment taken apart into its samples (ISO/IEC 14496-12, 8.8)."""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from snowlight.media.boxes import AUDIO_TRACK, VIDEO_TRACK, iterate

_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")
_NON_SYNC = 0x0001_0000  # sample_is_non_sync_sample (8.8.3.1)
_MOST_SAMPLES = 20_000
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # of trun (8.8.8.1)
_DURATION, _SIZE, _FLAGS, _OFFSET = 0x100, 0x200, 0x400, 0x800


class Sample(NamedTuple):
    """One picture or one frame of sound; times in its track's timescale."""

    data: bytes
    dts: int
    pts: int
    duration: int
    key: bool


@dataclass(slots=True)
class Samples:
    """What one `[prft] moof mdat` holds, in decoding order."""

    clock: bytes = b""
    """Its `prft`."""
    media_time: int = 0
    """Of the `prft`: the presentation time of the first picture (8.16.5)."""
    video: list[Sample] = field(default_factory=list)
    audio: list[Sample] = field(default_factory=list)


def read_samples(data: bytes) -> Samples:
    """Take `([prft] moof mdat)+` apart. Raises ValueError when it is damaged or has no pictures."""
    samples = Samples()
    position = 0
    try:
        for kind, content, end in iterate(data):
            if kind == b"prft" and not samples.clock:
                samples.clock = data[position:end]
                wide = data[content]
                (samples.media_time,) = (_U64 if wide else _U32).unpack_from(data, content + 16)
            elif kind == b"moof":
                for inner, inner_content, inner_end in iterate(data, content, end):
                    if inner == b"traf":
                        _read_track(data, position, inner_content, inner_end, samples)
            position = end
    except (struct.error, IndexError):
        raise ValueError("a box of the fragment ends early") from None
    if not samples.video:
        raise ValueError("the fragment has no pictures")
    if not samples.clock:
        samples.media_time = samples.video[0].pts
    return samples


def _read_track(data: bytes, moof: int, start: int, end: int, samples: Samples) -> None:
    track = time = 0
    defaults = {_DURATION: 0, _SIZE: 0, _FLAGS: 0}
    for kind, content, box_end in iterate(data, start, end):
        if kind == b"tfhd":
            flags, track = struct.unpack_from(">II", data, content)
            position = content + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
            for bit, column in ((0x8, _DURATION), (0x10, _SIZE), (0x20, _FLAGS)):
                if flags & bit:
                    (defaults[column],) = _U32.unpack_from(data, position)
                    position += 4
        elif kind == b"tfdt":
            (time,) = (_U64 if data[content] else _U32).unpack_from(data, content + 4)
        elif kind == b"trun":
            target = {VIDEO_TRACK: samples.video, AUDIO_TRACK: samples.audio}.get(track, [])
            time = _read_run(data, moof, content, box_end, time, defaults, target)


def _read_run(
    data: bytes, moof: int, content: int, end: int, time: int, defaults: dict[int, int], target: list[Sample]
) -> int:
    """Returns when the run ends."""
    flags, count = struct.unpack_from(">II", data, content)
    position = content + 8
    at = moof
    if flags & _DATA_OFFSET:
        at += struct.unpack_from(">i", data, position)[0]
        position += 4
    first_flags = None
    if flags & _FIRST_FLAGS:
        (first_flags,) = _U32.unpack_from(data, position)
        position += 4
    columns = [bit for bit in (_DURATION, _SIZE, _FLAGS, _OFFSET) if flags & bit]
    if count > _MOST_SAMPLES or position + 4 * len(columns) * count > end:
        raise ValueError("a run of more samples than its box has")
    table = struct.iter_unpack(f">{len(columns)}I", data[position : position + 4 * len(columns) * count])
    for index in range(count):
        row = defaults | dict(zip(columns, next(table) if columns else (), strict=True))
        if index == 0 and first_flags is not None:
            row[_FLAGS] = first_flags
        size = row[_SIZE]
        if at < 0 or at + size > len(data):
            raise ValueError("a sample lies outside of its fragment")
        offset = row.get(_OFFSET, 0)
        offset -= (offset & 0x8000_0000) << 1  # signed, in version 1
        target.append(
            Sample(data[at : at + size], time, time + offset, row[_DURATION], not row[_FLAGS] & _NON_SYNC)
        )
        time += row[_DURATION]
        at += size
    return time
