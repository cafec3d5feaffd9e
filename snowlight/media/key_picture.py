"""A key frame alone: a fragment cut down to the first sample of its pictures, nothing decoded."""

import struct

from snowlight.media.boxes import box, iterate
from snowlight.media.silent import silent_fragments

_U32 = struct.Struct(">I")
_MDAT_HEADER = 8
_FIRST_FLAGS = 0x4  # of trun (ISO/IEC 14496-12, 8.8.8.1)
_COLUMNS = 0xF00  # duration, size, flags, composition offset of each sample
_DURATION, _SIZE = 0x100, 0x200


def key_picture(data: bytes) -> bytes:
    """`[prft] moof mdat` with the first picture of `([prft] moof mdat)+` and no sound: for `silent_init`.

    Raises ValueError when it is damaged or has no pictures.
    """
    clock, position = b"", 0
    movie: tuple[bytes, int] | None = None
    pictures = silent_fragments(data)
    for kind, content, end in iterate(pictures):
        if kind == b"prft":
            clock = pictures[position:end]
        elif kind == b"moof":
            movie = _first_of_movie(pictures, content, end)
        elif kind == b"mdat" and movie is not None:
            moof, size = movie
            if content + size > end:
                raise ValueError("a picture is longer than its box")
            return b"".join((clock, moof, box(b"mdat", pictures[content : content + size])))
        position = end
    raise ValueError("no pictures")


def _first_of_movie(data: bytes, start: int, end: int) -> tuple[bytes, int] | None:
    """The `moof` of the first sample, and that sample's bytes; None where there is no track. What it has in
    front of a track stays as long as it is, so the sample begins right behind the new box."""
    kept: list[bytes] = []
    size, offset_at = -1, 0
    for kind, content, box_end in iterate(data, start, end):
        inner = [box(kind, data[content:box_end])]
        if kind == b"traf":
            inner, size, run_at = _first_of_track(data, content, box_end)
            offset_at = 8 + sum(map(len, kept)) + 8 + run_at
            inner = [box(b"traf", *inner)]
        kept += inner
    if size < 0:
        return None
    moof = bytearray(box(b"moof", *kept))
    _U32.pack_into(moof, offset_at, len(moof) + _MDAT_HEADER)
    return bytes(moof), size


def _first_of_track(data: bytes, start: int, end: int) -> tuple[list[bytes], int, int]:
    """The boxes of a `traf` with one sample, that sample's bytes, and where among them its data offset is."""
    kept: list[bytes] = []
    size, offset_at = -1, 0
    for kind, content, box_end in iterate(data, start, end):
        if kind != b"trun":
            kept.append(box(kind, data[content:box_end]))
            continue
        flags, count = struct.unpack_from(">II", data, content)
        table = content + 12 + (4 if flags & _FIRST_FLAGS else 0)
        row_end = table + 4 * (flags & _COLUMNS).bit_count()
        if not count or not flags & _SIZE or row_end > box_end:
            raise ValueError("a run without a sized sample")
        (size,) = _U32.unpack_from(data, table + (4 if flags & _DURATION else 0))
        offset_at = sum(map(len, kept)) + 8 + 8
        kept.append(box(b"trun", data[content : content + 4], _U32.pack(1), data[content + 8 : row_end]))
    return kept, size, offset_at
