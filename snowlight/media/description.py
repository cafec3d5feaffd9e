"""Sample descriptions (ISO/IEC 14496-14, -15) read from an init section."""

import struct
from dataclasses import dataclass

from snowlight.media.boxes import iterate

_VISUAL_ENTRY = 78  # bytes of VisualSampleEntry before its boxes (ISO/IEC 14496-12, 12.1.3)
_AUDIO_ENTRY = 28  # of AudioSampleEntry (12.2.3)
_CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl"))
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5  # descriptor tags (ISO/IEC 14496-1, 7.2.2.1)


@dataclass(frozen=True, slots=True)
class Description:
    """What players must know before they load an init section."""

    codecs: str
    """RFC 6381, video first."""
    width: int
    height: int


def describe(init: bytes) -> Description:
    """Read an init section. Raises ValueError when it has no video."""
    video = ""
    audio = ""
    width = height = 0
    for kind, content, end in _sample_entries(init, 0, len(init)):
        if kind in (b"avc1", b"hvc1", b"hev1"):
            width, height = struct.unpack_from(">HH", init, content + 24)
            for inner, start, stop in iterate(init, content + _VISUAL_ENTRY, end):
                if inner == b"avcC":
                    video = f"{kind.decode()}.{init[start + 1 : start + 4].hex()}"
                elif inner == b"hvcC":
                    video = f"{kind.decode()}.{_hevc_codecs(init[start:stop])}"
        elif kind == b"mp4a":
            for inner, start, stop in iterate(init, content + _AUDIO_ENTRY, end):
                if inner == b"esds":
                    audio = f",mp4a.40.{_audio_object_type(init[start + 4 : stop])}"
    if not video:
        raise ValueError("no video in the init section")
    return Description(video + audio, width, height)


def _sample_entries(data: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    entries: list[tuple[bytes, int, int]] = []
    for kind, content, box_end in iterate(data, start, end):
        if kind in _CONTAINERS:
            entries += _sample_entries(data, content, box_end)
        elif kind == b"stsd":
            entries += iterate(data, content + 8, box_end)
    return entries


def _hevc_codecs(record: bytes) -> str:
    """Profile, compatibility, tier, level and constraints (ISO/IEC 14496-15, annex E.3)."""
    space = ("", "A", "B", "C")[record[1] >> 6]
    tier = "H" if record[1] & 0x20 else "L"
    compatibility = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\x00")
    parts = [f"{space}{record[1] & 31}", f"{compatibility:X}", f"{tier}{record[12]}"]
    return ".".join(parts + [f"{byte:X}" for byte in constraints])


def _audio_object_type(descriptors: bytes) -> int:
    """Audio object type of the AudioSpecificConfig in an ES_Descriptor (ISO/IEC 14496-3, 1.6.2.1)."""
    position = 0
    while position < len(descriptors):
        tag = descriptors[position]
        position += 1
        length = 0
        while True:
            byte = descriptors[position]
            position += 1
            length = length << 7 | byte & 0x7F
            if byte < 0x80:
                break
        if tag == _ES:
            position += 3
        elif tag == _DECODER_CONFIG:
            position += 13
        elif tag == _DECODER_SPECIFIC:
            object_type = descriptors[position] >> 3
            if object_type == 31:
                object_type = 32 + ((descriptors[position] & 7) << 3 | descriptors[position + 1] >> 5)
            return object_type
        else:
            position += length
    raise ValueError("no AudioSpecificConfig")
