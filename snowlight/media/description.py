"""Sample descriptions (ISO/IEC 14496-14, -15) read from an init section."""

import struct
from dataclasses import dataclass

from snowlight.media.boxes import iterate

_VISUAL_ENTRY = 78  # bytes of VisualSampleEntry before its boxes (ISO/IEC 14496-12, 12.1.3)
_AUDIO_ENTRY = 28  # of AudioSampleEntry (12.2.3)
_CONTAINERS = frozenset((b"mdia", b"minf", b"stbl"))
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5  # descriptor tags (ISO/IEC 14496-1, 7.2.2.1)
_U32 = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Track:
    """One that is understood here: H.264, H.265 or AAC."""

    id: int
    codec: str
    """RFC 6381."""
    timescale: int
    """Ticks a second; 0 where it is not told."""
    configuration: bytes
    """AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord or AudioSpecificConfig."""
    width: int = 0
    height: int = 0

    @property
    def is_video(self) -> bool:
        return self.width > 0


@dataclass(frozen=True, slots=True)
class Description:
    """What players must know before they load an init section."""

    codecs: str
    """RFC 6381, video first."""
    width: int
    height: int


def describe(init: bytes) -> Description:
    """Read an init section. Raises ValueError when it has no video."""
    tracks = read_tracks(init)
    return Description(",".join(track.codec for track in tracks), tracks[0].width, tracks[0].height)


def read_tracks(init: bytes) -> tuple[Track, ...]:
    """The tracks of an init section, video first. Raises ValueError when it has no video."""
    found: list[Track] = []
    try:
        for kind, content, end in iterate(init):
            if kind == b"moov":
                for inner, start, stop in iterate(init, content, end):
                    if inner == b"trak":
                        found += _tracks(init, start, stop)
    except (LookupError, struct.error) as error:
        raise ValueError("a box of the init section ends early") from error
    if not any(track.is_video for track in found):
        raise ValueError("no video in the init section")
    return tuple(sorted(found, key=lambda track: not track.is_video))


def _tracks(init: bytes, start: int, end: int) -> list[Track]:
    """That of one `trak`; none of what is not understood."""
    boxes = dict(_leaves(init, start, end))
    entries = boxes.get(b"stsd", b"")
    number, timescale = (_u32(boxes.get(kind, b"").ljust(24, b"\0"), 12, 20) for kind in (b"tkhd", b"mdhd"))
    for kind, content, stop in iterate(entries, 8):
        if kind in (b"avc1", b"hvc1", b"hev1"):
            width, height = struct.unpack_from(">HH", entries, content + 24)
            for inner, first, last in iterate(entries, content + _VISUAL_ENTRY, stop):
                record = entries[first:last]
                if inner == b"avcC":
                    codec = f"{kind.decode()}.{record[1:4].hex()}"
                    return [Track(number, codec, timescale, record, width, height)]
                if inner == b"hvcC":
                    codec = f"{kind.decode()}.{_hevc_codecs(record)}"
                    return [Track(number, codec, timescale, record, width, height)]
        elif kind == b"mp4a":
            for inner, first, last in iterate(entries, content + _AUDIO_ENTRY, stop):
                if inner == b"esds":
                    config = _audio_config(entries[first + 4 : last])
                    return [Track(number, f"mp4a.40.{_audio_object_type(config)}", timescale, config)]
    return []


def _leaves(data: bytes, start: int, end: int) -> list[tuple[bytes, bytes]]:
    """Of a `trak`: the boxes in it that hold no others, and their contents."""
    leaves: list[tuple[bytes, bytes]] = []
    for kind, content, box_end in iterate(data, start, end):
        if kind in _CONTAINERS:
            leaves += _leaves(data, content, box_end)
        else:
            leaves.append((kind, data[content:box_end]))
    return leaves


def _u32(full_box: bytes, position: int, position_1: int) -> int:
    """The number at `position`; in version 1 of the box (4.2) at `position_1`."""
    return int(_U32.unpack_from(full_box, position_1 if full_box[0] else position)[0])


def _hevc_codecs(record: bytes) -> str:
    """Profile, compatibility, tier, level and constraints (ISO/IEC 14496-15, annex E.3)."""
    space = ("", "A", "B", "C")[record[1] >> 6]
    tier = "H" if record[1] & 0x20 else "L"
    compatibility = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\x00")
    parts = [f"{space}{record[1] & 31}", f"{compatibility:X}", f"{tier}{record[12]}"]
    return ".".join(parts + [f"{byte:X}" for byte in constraints])


def _audio_config(descriptors: bytes) -> bytes:
    """The AudioSpecificConfig in an ES_Descriptor."""
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
            return descriptors[position : position + length]
        else:
            position += length
    raise ValueError("no AudioSpecificConfig")


def _audio_object_type(config: bytes) -> int:
    """Of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
    object_type = config[0] >> 3
    if object_type == 31:
        object_type = 32 + ((config[0] & 7) << 3 | config[1] >> 5)
    return object_type
