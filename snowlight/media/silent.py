"""Footage without its sound: the audio track taken out of init sections and fragments, nothing decoded."""

import struct

from snowlight.media.boxes import VIDEO_TRACK, Buffer, box, iterate

_U32 = struct.Struct(">I")
_MDAT_HEADER = 8
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # of trun (ISO/IEC 14496-12, 8.8.8.1)
_DURATIONS, _SIZES, _FLAGS, _COMPOSITION_OFFSETS = 0x100, 0x200, 0x400, 0x800


def silent_init(data: bytes) -> bytes:
    """`[ftyp moov]` with the video track alone. Raises ValueError when it is damaged."""
    boxes = []
    for kind, content, end in iterate(data):
        if kind == b"moov":
            boxes.append(_silent_movie(data, content, end))
        else:
            boxes.append(box(kind, data[content:end]))
    return b"".join(boxes)


def silent_codecs(codecs: str) -> str:
    """The video's codec (RFC 6381) of those of an init section, which are told video first."""
    return codecs.partition(",")[0]


def silent_fragments(data: bytes) -> bytes:
    """`([prft] moof mdat)*` with the samples of the video track alone. Raises ValueError when it is damaged,
    or the video's samples do not tell their sizes."""
    boxes: list[bytes] = []
    moof_at, samples = 0, range(0)
    position = 0
    for kind, content, end in iterate(data):
        if kind == b"moof":
            moof_at = position
            moof, samples = _silent_moof(data, content, end)
            boxes.append(moof)
        elif kind == b"mdat":
            boxes.append(box(b"mdat", data[moof_at + samples.start : moof_at + samples.stop]))
        else:
            boxes.append(box(kind, data[content:end]))
        position = end
    return b"".join(boxes)


def _silent_movie(data: bytes, start: int, end: int) -> bytes:
    kept = []
    for kind, content, box_end in iterate(data, start, end):
        if kind == b"trak" and _track_of(data, content, box_end) != VIDEO_TRACK:
            continue
        if kind == b"mvex":
            kept.append(_silent_extends(data, content, box_end))
        else:
            kept.append(box(kind, data[content:box_end]))
    return box(b"moov", *kept)


def _silent_extends(data: bytes, start: int, end: int) -> bytes:
    kept = []
    for kind, content, box_end in iterate(data, start, end):
        if kind != b"trex" or _u32(data, content + 4) == VIDEO_TRACK:
            kept.append(box(kind, data[content:box_end]))
    return box(b"mvex", *kept)


def _track_of(data: bytes, start: int, end: int) -> int:
    """track_ID of a `trak`, which its `tkhd` tells (8.3.2)."""
    for kind, content, _ in iterate(data, start, end):
        if kind == b"tkhd":
            return _u32(data, content + (20 if data[content] else 12))
    raise ValueError("a track without tkhd")


def _silent_moof(data: bytes, start: int, end: int) -> tuple[bytes, range]:
    """The `moof` without its audio, and where the video's samples lie, from where the old one began."""
    kept: list[bytes] = []
    trun_at, samples = 0, range(0)
    for kind, content, box_end in iterate(data, start, end):
        if kind != b"traf":
            kept.append(box(kind, data[content:box_end]))
            continue
        track, run = _run_of(data, content, box_end)
        if track != VIDEO_TRACK or run is None:
            continue
        if samples:
            raise ValueError("video in two runs")
        run_content, samples = run
        trun_at = 8 + sum(map(len, kept)) + 8 + run_content - content
        kept.append(box(kind, data[content:box_end]))
    moof = bytearray(box(b"moof", *kept))
    if samples:
        _U32.pack_into(moof, trun_at + 8, len(moof) + _MDAT_HEADER)
    return bytes(moof), samples


def _run_of(data: bytes, start: int, end: int) -> tuple[int, tuple[int, range] | None]:
    """The track of a `traf`, and of its only `trun` where its content begins and where its samples lie."""
    track, run = 0, None
    for kind, content, box_end in iterate(data, start, end):
        if kind == b"tfhd":
            track = _u32(data, content + 4)
        elif kind == b"trun":
            if run is not None:
                raise ValueError("two runs of a track")
            run = content, _samples(data, content, box_end)
    return track, run


def _samples(data: bytes, content: int, end: int) -> range:
    flags, count = _u32(data, content), _u32(data, content + 4)
    if not flags & _DATA_OFFSET or not flags & _SIZES:
        raise ValueError("a run that does not tell where its samples are")
    columns = [bit for bit in (_DURATIONS, _SIZES, _FLAGS, _COMPOSITION_OFFSETS) if flags & bit]
    table = content + 12 + (4 if flags & _FIRST_FLAGS else 0)
    if table + 4 * len(columns) * count > end:
        raise ValueError("trun is longer than its box")
    values = struct.unpack_from(f">{len(columns) * count}I", data, table)
    begin = _u32(data, content + 8)
    return range(begin, begin + sum(values[columns.index(_SIZES) :: len(columns)]))


def _u32(data: Buffer, position: int) -> int:
    if position + 4 > len(data):
        raise ValueError("a box ends early")
    return int(_U32.unpack_from(data, position)[0])
