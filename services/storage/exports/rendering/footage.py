"""Reads a recorded object: its samples, and when each was captured."""

import io
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from snowlight.media.boxes import VIDEO_TIMESCALE, init_size, iterate, parse_moof, parse_prft

AnyPacket: TypeAlias = "Packet[Any]"
TICKS_PER_MS = VIDEO_TIMESCALE // 1000
_OPTIONS = {"ignore_editlist": "1", "use_mfra_for": "none"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One coded picture, in decoding order. Times in 1/90000 s of the object's own clock."""

    packet: AnyPacket
    dts: int
    pts: int
    duration: int
    key: bool
    wall_ms: float
    """When it was captured, ms since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One coded frame of audio. Times in `unit` of the same clock."""

    packet: AnyPacket
    pts: int
    duration: int
    unit: Fraction

    @property
    def ticks(self) -> int:
        """When it begins, in 1/90000 s."""
        return round(self.pts * self.unit * VIDEO_TIMESCALE)


@dataclass(frozen=True, slots=True)
class ObjectFootage:
    """Opened: of use while its container is."""

    init: bytes
    video: VideoStream
    audio: AudioStream | None
    pictures: list[Picture]
    sounds: list[Sound]


@contextmanager
def open_object(data: bytes, start_ms: int, *, silent: bool) -> Iterator[ObjectFootage]:
    """The object, which the index says begins at `start_ms`.

    Raises ValueError and `av.FFmpegError` when it is damaged.
    """
    init, anchors, end = _outline(data, start_ms)
    with av.open(io.BytesIO(memoryview(data)[:end]), "r", format="mp4", options=_OPTIONS) as container:
        yield _read(container, init, anchors, silent=silent)


def _read(
    container: InputContainer, init: bytes, anchors: list[tuple[int, float]], *, silent: bool
) -> ObjectFootage:
    video = container.streams.video[0]
    audio = None if silent or not container.streams.audio else container.streams.audio[0]
    assert video.time_base is not None
    scale = video.time_base * VIDEO_TIMESCALE
    coded: list[AnyPacket] = []
    sounds: list[Sound] = []
    for packet in container.demux([video] if audio is None else [video, audio]):
        if packet.size == 0 or packet.dts is None or packet.pts is None:
            continue
        if packet.stream is video:
            coded.append(packet)
        else:
            assert packet.time_base is not None
            sounds.append(Sound(packet, packet.pts, packet.duration or 0, packet.time_base))
    return ObjectFootage(init, video, audio, _pictures(coded, anchors, scale), sounds)


def _pictures(coded: list[AnyPacket], anchors: list[tuple[int, float]], scale: Fraction) -> list[Picture]:
    """`scale`: from the track's unit to 1/90000 s."""
    # Only key frames anchor: by how much later than decoded others are shown varies.
    keys = {packet.dts: packet.pts or 0 for packet in coded if packet.is_keyframe}
    known = [(dts, keys[dts], wall_ms) for dts, wall_ms in anchors if dts in keys]
    if coded and not known:
        known = [(coded[0].dts or 0, coded[0].pts or 0, anchors[0][1])]
    starts = [dts for dts, _, _ in known]
    pictures = []
    for packet in coded:
        assert packet.dts is not None
        assert packet.pts is not None
        _, anchor_pts, wall_ms = known[max(bisect_right(starts, packet.dts) - 1, 0)]
        begins = round(packet.dts * scale)
        ends = round((packet.dts + (packet.duration or 0)) * scale)
        shown_ms = wall_ms + float((packet.pts - anchor_pts) * scale) / TICKS_PER_MS
        pictures.append(
            Picture(packet, begins, round(packet.pts * scale), ends - begins, packet.is_keyframe, shown_ms)
        )
    return pictures


def _outline(data: bytes, start_ms: int) -> tuple[bytes, list[tuple[int, float]], int]:
    """The init section, (decode time, capture time) of fragments, and where the last one ends."""
    init = init_size(data)
    anchors: list[tuple[int, float]] = []
    wall_ms: float | None = start_ms
    position = end = init
    for kind, _, box_end in iterate(data, init):
        if kind == b"mfra":
            break
        if kind == b"prft":
            wall_ms = parse_prft(data, position)
        elif kind == b"moof" and wall_ms is not None:
            try:
                anchors.append((parse_moof(data, position).decode_time, wall_ms))
                wall_ms = None
            except ValueError:  # of audio alone
                pass
        position = end = box_end
    if not anchors:
        raise ValueError("no fragment with video")
    return data[:init], anchors, end
