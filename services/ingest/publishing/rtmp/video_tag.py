"""FLV video tags (FLV 10.1, E.4.3), those of H.265 as codec 12, and enhanced ones (E-RTMP v1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.ingest.sources.annex_b import between_start_codes
from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.source import SourceError, VideoCodec

_CODECS: dict[int, VideoCodec] = {7: "h264", 12: "h265"}  # 12 is in no standard; China's cameras agree on it
_FOUR_CC: dict[bytes, VideoCodec] = {b"avc1": "h264", b"hvc1": "h265"}
_ENHANCED = 0x80
_SEQUENCE_START, _CODED_FRAMES, _CODED_FRAMES_X = 0, 1, 3
_INFORMATION = 5  # a frame type: no picture, but a word to the player
_START = b"\x00\x00\x00\x01"
_MOST_ARRAYS = 16
_LONGEST_RECORD = 64 << 10  # bytes: those of cameras have below 300
_MOST_SETS = 64


@dataclass(frozen=True, slots=True)
class VideoTag:
    """One tag of a codec that is carried. `offset`: PTS - DTS in ms. `data`: a decoder configuration record
    or the NAL units of a picture."""

    codec: VideoCodec
    content: Literal["configuration", "picture"]
    offset: int
    data: bytes


def read_video_tag(data: bytes) -> VideoTag | None:
    """The tag; None for one that carries no picture.

    Raises SourceError camera.codec_unsupported for another codec.
    """
    if len(data) < 5:
        return None
    if data[0] & _ENHANCED:
        return _enhanced(data)
    codec = _CODECS.get(data[0] & 0x0F)
    if codec is None:
        raise _unsupported(f"codec {data[0] & 0x0F} of FLV")
    if data[0] >> 4 == _INFORMATION or data[1] > 1:
        return None
    content: Literal["configuration", "picture"] = "picture" if data[1] else "configuration"
    return VideoTag(codec, content, _offset(data, 2), data[5:])


def _enhanced(data: bytes) -> VideoTag | None:
    kind = data[0] & 0x0F
    codec = _FOUR_CC.get(data[1:5])
    if (data[0] >> 4) & 7 == _INFORMATION or kind not in (_SEQUENCE_START, _CODED_FRAMES, _CODED_FRAMES_X):
        return None
    if codec is None:
        name = data[1:5].decode("ascii", "replace")
        raise _unsupported(name if name.isprintable() and name.isascii() else "of an unknown name")
    if kind == _SEQUENCE_START:
        return VideoTag(codec, "configuration", 0, data[5:])
    if kind == _CODED_FRAMES_X:
        return VideoTag(codec, "picture", 0, data[5:])
    return VideoTag(codec, "picture", _offset(data, 5), data[8:])


def _offset(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 3], "big", signed=True)


def _unsupported(name: str) -> SourceError:
    return SourceError("camera.codec_unsupported", f"the video is {name}; H.264 and H.265 are carried")


@dataclass(frozen=True, slots=True)
class DecoderConfiguration:
    """`parameter_sets` as the record has them; `length_size`: bytes before each NAL unit of a picture."""

    parameter_sets: tuple[bytes, ...]
    length_size: int

    def builder(self, codec: VideoCodec) -> AccessUnitBuilder:
        """What makes access units of this stream's pictures."""
        return (H264Depacketiser if codec == "h264" else H265Depacketiser)(self.parameter_sets)


def read_configuration(codec: VideoCodec, data: bytes) -> DecoderConfiguration:
    """AVC or HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1).

    Raises SourceError camera.protocol_error for one that is cut off, and for one of over 64 KiB or 64
    parameter sets: each is read bit by bit.
    """
    if len(data) > _LONGEST_RECORD:
        raise _refused(f"is of over {_LONGEST_RECORD} bytes")
    configuration = _read_avc(data) if codec == "h264" else _read_hevc(data)
    if len(configuration.parameter_sets) > _MOST_SETS:
        raise _refused(f"has over {_MOST_SETS} parameter sets")
    return configuration


def _read_avc(data: bytes) -> DecoderConfiguration:
    if len(data) < 6:
        raise _refused("is cut off")
    sequences, position = _units(data, 6, data[5] & 0x1F)
    if position >= len(data):
        raise _refused("is cut off")
    pictures, _ = _units(data, position + 1, data[position])
    return DecoderConfiguration((*sequences, *pictures), (data[4] & 3) + 1)


def _read_hevc(data: bytes) -> DecoderConfiguration:
    if len(data) < 23:
        raise _refused("is cut off")
    sets: list[bytes] = []
    position = 23
    for _ in range(min(data[22], _MOST_ARRAYS)):
        if position + 3 > len(data):
            raise _refused("is cut off")
        units, position = _units(data, position + 3, int.from_bytes(data[position + 1 : position + 3], "big"))
        sets += units
    return DecoderConfiguration(tuple(sets), (data[21] & 3) + 1)


def _units(data: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    units = []
    for _ in range(count):
        if position + 2 > len(data):
            raise _refused("is cut off")
        begin = position + 2
        position = begin + int.from_bytes(data[position:begin], "big")
        if position > len(data):
            raise _refused("is cut off")
        units.append(data[begin:position])
    return units, position


def _refused(what: str) -> SourceError:
    return SourceError("camera.protocol_error", f"the camera's decoder configuration {what}")


def split_units(data: bytes, length_size: int) -> Iterator[bytes]:
    """NAL units behind their lengths; where a camera writes start codes instead, those between them.

    Empty ones too, for whoever counts what was looked for. A unit that is cut off, and what stands behind it,
    is left out.
    """
    if data.startswith(_START):
        yield from between_start_codes(data)
        return
    position = 0
    while position + length_size < len(data):
        begin = position + length_size
        position = begin + int.from_bytes(data[position:begin], "big")
        if position > len(data):
            return
        yield data[begin:position]
