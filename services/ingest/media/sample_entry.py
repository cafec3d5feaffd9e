"""Sample descriptions (ISO/IEC 14496-14, -15), made from parameter sets."""

import struct

from services.ingest.media.sps import SequenceParameters
from services.ingest.sources.source import VideoCodec
from snowlight.media.boxes import box, full_box

AAC_FRAME = 1024
"""Samples of a frame of AAC-LC."""
TimedFrame = tuple[bytes, int, int]
"""An AAC frame, the time of its first sample, and its number of samples."""

_ES, _DECODER_CONFIG, _DECODER_SPECIFIC, _SL_CONFIG = 3, 4, 5, 6  # descriptor tags (ISO/IEC 14496-1, 7.2.2.1)


def nal_unit_type(codec: VideoCodec, unit: bytes) -> int:
    """nal_unit_type of a NAL unit without start code."""
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def sps_of(codec: VideoCodec, parameter_sets: tuple[bytes, ...]) -> bytes:
    """The first sequence parameter set. Raises ValueError when there is none."""
    wanted = 7 if codec == "h264" else 33
    for unit in parameter_sets:
        if unit and nal_unit_type(codec, unit) == wanted:
            return unit
    raise ValueError("no sequence parameter set")


def video_sample_entry(
    codec: VideoCodec, parameter_sets: tuple[bytes, ...], parameters: SequenceParameters
) -> bytes:
    """`avc1` or `hvc1` that holds all parameter sets."""
    head = struct.pack(
        ">6xH16xHHIIIH32xHh",
        1,
        parameters.width,
        parameters.height,
        0x0048_0000,  # 72 dpi
        0x0048_0000,
        0,
        1,
        24,
        -1,
    )
    if codec == "h264":
        return box(b"avc1", head, box(b"avcC", _avc_configuration(parameter_sets, parameters)))
    return box(b"hvc1", head, box(b"hvcC", _hevc_configuration(parameter_sets, parameters)))


def audio_sample_entry(sample_rate: int, channels: int, config: bytes) -> bytes:
    """`mp4a` around an AudioSpecificConfig."""
    specific = _descriptor(_DECODER_SPECIFIC, config)
    decoder = _descriptor(_DECODER_CONFIG, struct.pack(">BB3xII", 0x40, 0x15, 0, 0), specific)
    es = _descriptor(_ES, struct.pack(">HB", 0, 0), decoder, _descriptor(_SL_CONFIG, b"\x02"))
    head = struct.pack(">6xH8xHH4xI", 1, channels, 16, min(sample_rate, 0xFFFF) << 16)
    return box(b"mp4a", head, full_box(b"esds", 0, 0, es))


def _avc_configuration(units: tuple[bytes, ...], parameters: SequenceParameters) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) with NAL unit lengths of 4 bytes."""
    sequence = [unit for unit in units if unit[0] & 31 == 7]
    pictures = [unit for unit in units if unit[0] & 31 == 8]
    record = b"\x01" + sequence[0][1:4] + bytes((0xFF, 0xE0 | len(sequence)))
    record += b"".join(struct.pack(">H", len(unit)) + unit for unit in sequence)
    record += bytes((len(pictures),))
    record += b"".join(struct.pack(">H", len(unit)) + unit for unit in pictures)
    if sequence[0][1] not in (66, 77, 88):
        record += bytes(
            (
                0xFC | parameters.chroma_format,
                0xF8 | parameters.luma_bits - 8,
                0xF8 | parameters.chroma_bits - 8,
                0,
            )
        )
    return record


def _hevc_configuration(units: tuple[bytes, ...], parameters: SequenceParameters) -> bytes:
    """HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.2.1) with NAL unit lengths of 4 bytes."""
    payload = sps_of("h265", units).replace(b"\x00\x00\x03", b"\x00\x00")
    record = struct.pack(
        ">B12sHBBBBHBB",
        1,
        payload[3:15],  # general profile, tier, compatibility, constraints, level
        0xF000,
        0xFC,
        0xFC | parameters.chroma_format,
        0xF8 | parameters.luma_bits - 8,
        0xF8 | parameters.chroma_bits - 8,
        0,
        parameters.temporal_layers << 3 | parameters.temporal_nesting << 2 | 3,
        3,
    )
    for kind in (32, 33, 34):
        members = [unit for unit in units if nal_unit_type("h265", unit) == kind]
        record += struct.pack(">BH", 0x80 | kind, len(members))
        record += b"".join(struct.pack(">H", len(unit)) + unit for unit in members)
    return record


def _descriptor(tag: int, *content: bytes) -> bytes:
    payload = b"".join(content)
    return struct.pack(">BBBBB", tag, 0x80, 0x80, 0x80, len(payload)) + payload
