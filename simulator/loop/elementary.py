"""Reads an encoded loop back as elementary streams: access units without their container."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import av

from simulator.loop.encode import AAC_FRAME, G711_RATE
from simulator.loop.parameters import LOOP_SECONDS, VideoCodec

_Item = TypeVar("_Item")
_Packet = tuple[bytes, bool]
"""Its data and whether it is a key frame."""


class AudioCodec(StrEnum):
    AAC = "AAC"
    PCMA = "PCMA"


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture's NAL units without start codes, parameter sets and SEI left out."""

    nal_units: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """parameter_sets: SPS, PPS of H.264 or VPS, SPS, PPS of H.265, as NAL units."""

    codec: VideoCodec
    parameter_sets: tuple[bytes, ...]
    frame_rate: int
    access_units: tuple[AccessUnit, ...]


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """config: the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) of AAC, empty for G.711.

    frames: of `frame_samples` samples each, one minute of them in all.
    """

    codec: AudioCodec
    rate: int
    config: bytes
    frame_samples: int
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    video: VideoTrack
    audio: AudioTrack | None


def read_loop(path: Path) -> Loop:
    """Reads what `encode_loop` wrote, or any file of H.264 or H.265 without B-frames and whole seconds long.

    ValueError names what else the file holds.
    """
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        audio_streams = container.streams.audio
        video_stream = container.streams.video[0]
        packets: dict[int, list[_Packet]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                packets[packet.stream.index].append((bytes(packet), packet.is_keyframe))
        video = _video_track(video_stream, packets[video_stream.index])
        audio = _audio_track(audio_streams[0], packets[audio_streams[0].index]) if audio_streams else None
    return Loop(video, audio)


def _video_track(stream: av.VideoStream, packets: list[_Packet]) -> VideoTrack:
    extradata = stream.codec_context.extradata or b""
    match stream.codec_context.name:
        case "h264":
            codec, is_slice = VideoCodec.H264, _is_h264_slice
            parameter_sets = _avcc_parameter_sets(extradata)
        case "hevc":
            codec, is_slice = VideoCodec.H265, _is_h265_slice
            parameter_sets = _hvcc_parameter_sets(extradata)
        case other:
            raise ValueError(f"a loop's video must be h264 or hevc, not {other}")
    if stream.average_rate is None or stream.average_rate.denominator != 1:
        raise ValueError(f"a loop's frame rate must be whole, not {stream.average_rate}")
    access_units = tuple(AccessUnit(tuple(filter(is_slice, _nal_units(data))), key) for data, key in packets)
    return VideoTrack(codec, parameter_sets, int(stream.average_rate), access_units)


def _audio_track(stream: av.AudioStream, packets: list[_Packet]) -> AudioTrack:
    match stream.codec_context.name:
        case "aac":
            config = stream.codec_context.extradata or b""
            frames = tuple(data for data, _ in packets)
            return AudioTrack(AudioCodec.AAC, stream.rate, config, AAC_FRAME, frames)
        case "pcm_alaw":
            samples = b"".join(data for data, _ in packets)[: G711_RATE * LOOP_SECONDS]
            size = G711_RATE * 40 // 1000
            frames = tuple(samples[start : start + size] for start in range(0, len(samples), size))
            return AudioTrack(AudioCodec.PCMA, stream.rate, b"", size, frames)
        case other:
            raise ValueError(f"a loop's audio must be aac or pcm_alaw, not {other}")


def _is_h264_slice(nal: bytes) -> bool:
    """Rec. ITU-T H.264, table 7-1."""
    return 1 <= nal[0] & 0x1F <= 5


def _is_h265_slice(nal: bytes) -> bool:
    """Rec. ITU-T H.265, table 7-1."""
    return nal[0] >> 1 & 0x3F < 32


def _nal_units(data: bytes) -> list[bytes]:
    """NAL units behind four-byte lengths (ISO/IEC 14496-15, 4.3.3)."""
    units = []
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        position += 4
        units.append(data[position : position + length])
        position += length
    return units


def _avcc_parameter_sets(record: bytes) -> tuple[bytes, ...]:
    """SPS and PPS of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    position, sets = 5, []
    for mask in (0x1F, 0xFF):
        count = record[position] & mask
        position += 1
        for _ in range(count):
            length = int.from_bytes(record[position : position + 2], "big")
            sets.append(record[position + 2 : position + 2 + length])
            position += 2 + length
    return tuple(sets)


def _hvcc_parameter_sets(record: bytes) -> tuple[bytes, ...]:
    """VPS, SPS and PPS of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1)."""
    position, sets = 23, []
    for _ in range(record[22]):
        kind = record[position] & 0x3F
        count = int.from_bytes(record[position + 1 : position + 3], "big")
        position += 3
        for _ in range(count):
            length = int.from_bytes(record[position : position + 2], "big")
            if kind in (32, 33, 34):
                sets.append(record[position + 2 : position + 2 + length])
            position += 2 + length
    return tuple(sets)


def alternated(pictures: Sequence[_Item], others: Sequence[_Item], span: int) -> list[_Item]:
    """`pictures`, but `others` in every second span of so many."""
    pairs = enumerate(zip(pictures, others, strict=True))
    return [other if number // span % 2 else own for number, (own, other) in pairs]


def alternating(loop: Loop, other: Loop, span: int) -> Loop:
    """`loop` with its picture replaced by that of `other` in every second span of so many pictures.

    Both have the same frame rate, and key frames at the spans' ends. Each key frame brings its own parameter
    sets; those of the track as a whole are `loop`'s.
    """
    foreign = [_with_parameter_sets(unit, other.video) for unit in other.video.access_units]
    units = tuple(alternated(loop.video.access_units, foreign, span))
    return replace(loop, video=replace(loop.video, access_units=units))


def _with_parameter_sets(unit: AccessUnit, track: VideoTrack) -> AccessUnit:
    return replace(unit, nal_units=track.parameter_sets + unit.nal_units) if unit.key else unit
