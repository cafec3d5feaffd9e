"""Decodes fragments and reads the clock that the simulator burns into its pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np

from simulator.scene.timecode import read_instant


@dataclass(frozen=True)
class Picture:
    """One decoded picture; both in seconds."""

    at_s: float
    """On its session's media timeline."""
    instant: float
    """The Unix time burnt into it."""


class Pictures:
    """Decodes the fragments of one session one after the other, from a key frame on."""

    def __init__(self, init: bytes) -> None:
        self._init = init
        self._codec: av.VideoCodecContext | None = None

    def decode(self, fragments: bytes) -> list[Picture]:
        """All pictures of whole fragments; raises ValueError where the clock in one is not legible."""
        found = []
        with av.open(io.BytesIO(self._init + fragments), "r", format="mp4") as container:
            stream = container.streams.video[0]
            if self._codec is None:
                self._codec = _codec(stream.codec_context)
            for packet in container.demux(stream):
                if packet.pts is not None:
                    found += [_picture(frame, packet) for frame in self._codec.decode(packet)]
        return found


def first_picture(segment: bytes) -> av.VideoFrame:
    """The first picture of an init section and what follows it, decoded."""
    with av.open(io.BytesIO(segment), "r", format="mp4") as container:
        return next(container.decode(video=0))


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]


def _codec(described: av.VideoCodecContext) -> av.VideoCodecContext:
    codec = av.CodecContext.create(described.name, "r")
    assert isinstance(codec, av.VideoCodecContext)
    codec.extradata = described.extradata
    codec.thread_count = 1  # as many pictures come out as go in
    return codec


def _picture(frame: av.VideoFrame, packet: av.Packet[av.VideoStream]) -> Picture:
    instant = read_instant(frame.to_ndarray(format="gray").astype(np.uint8, copy=False))
    if instant is None or packet.pts is None:
        raise ValueError("the clock in a picture is not legible")
    return Picture(float(packet.pts * packet.time_base), instant)
