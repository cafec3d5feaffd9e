"""H.264 encoders: those of the hardware where they really open, else libx264."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from services.ingest.media.init_section import AudioEntry, InitSections
from services.ingest.media.sample_entry import video_sample_entry
from services.ingest.media.sps import parse_sps
from services.ingest.sources.annex_b import split_annex_b
from services.ingest.transcoding.decoder import TIME_BASE
from services.ingest.transcoding.encoders import OPTIONS, SOFTWARE
from snowlight.media.appearance import UNTOLD, Appearance

_NEVER = 1 << 20
"""Pictures between key frames: the source's alone count."""
_SPS, _PPS, _LEFT_OUT = 7, 8, (6, 7, 8, 9)  # nal_unit_type; SEI, parameter sets, delimiters
_REFUSALS = (av.FFmpegError, ValueError, LookupError, OSError)


class Encoded(NamedTuple):
    """One picture, NAL units with lengths of 4 bytes."""

    data: bytes
    pts: int
    key: bool


@dataclass(frozen=True, slots=True)
class Output:
    """What is to be encoded."""

    width: int
    height: int
    frames_per_second: float
    bits_per_second: int
    appearance: Appearance = UNTOLD


class Encoder:
    """Raises `av.FFmpegError` where `name` does not open."""

    def __init__(self, name: str, output: Output, threads: int) -> None:
        codec = av.CodecContext.create(name, "w")
        assert isinstance(codec, VideoCodecContext)
        codec.width, codec.height, codec.pix_fmt = output.width, output.height, "yuv420p"
        output.appearance.tell(codec)
        codec.time_base = TIME_BASE
        codec.framerate = Fraction(output.frames_per_second).limit_denominator(1001)
        codec.bit_rate = output.bits_per_second
        codec.gop_size, codec.max_b_frames = _NEVER, 0
        codec.thread_count = threads
        bits = output.bits_per_second
        codec.options = OPTIONS[name] | {"maxrate": str(bits * 3 // 2), "bufsize": str(bits * 2)}
        codec.flags |= av.codec.context.Flags.global_header
        codec.open()
        self.name = name
        self.output = output
        self._codec = codec
        self._sets = tuple(bytes(unit) for unit in split_annex_b(codec.extradata or b""))

    def encode(self, frame: VideoFrame, *, key: bool) -> Iterator[Encoded]:
        """`frame` is in limited range and of the output's size, with a later `pts` each time. Yields what is
        done."""
        frame.time_base = TIME_BASE
        frame.pict_type = PictureType.I if key else PictureType.NONE
        for packet in self._codec.encode(frame):
            yield self._encoded(packet)

    def flush(self) -> Iterator[Encoded]:
        """The rest, after which nothing can be encoded."""
        for packet in self._codec.encode(None):
            yield self._encoded(packet)

    def init_section(self, audio: AudioEntry | None, sections: InitSections) -> bytes:
        """`[ftyp moov]` of what is encoded; some encoders know it only once they have encoded a picture.

        Raises ValueError when they do not.
        """
        sets = tuple(unit for unit in self._sets if unit[0] & 31 in (_SPS, _PPS))
        if not sets:
            raise ValueError(f"{self.name} tells no parameter sets")
        sps = next(unit for unit in sets if unit[0] & 31 == _SPS)
        return sections.get(video_sample_entry("h264", sets, parse_sps("h264", sps)), audio)

    def _encoded(self, packet: av.Packet[Any]) -> Encoded:
        assert packet.pts is not None
        units = list(split_annex_b(bytes(packet)))
        if not self._sets:
            self._sets = tuple(bytes(unit) for unit in units)
        data = b"".join(
            piece
            for unit in units
            if unit[0] & 31 not in _LEFT_OUT
            for piece in (len(unit).to_bytes(4, "big"), unit)
        )
        return Encoded(data, packet.pts, packet.is_keyframe)


def open_encoder(names: Sequence[str], output: Output, threads: int) -> Encoder:
    """The first of `names` that opens, and that makes key frames where it is told to.

    Raises ValueError when none does.
    """
    for name in names:
        try:
            if name != SOFTWARE:
                _try_out(Encoder(name, output, threads))
            return Encoder(name, output, threads)
        except _REFUSALS:
            continue
    raise ValueError(f"no encoder of {', '.join(names)} opens for {output.width} x {output.height}")


def _try_out(encoder: Encoder) -> None:
    """Raises ValueError where not the first and the third picture alone are key frames."""
    output = encoder.output
    step = round(1 / TIME_BASE / Fraction(output.frames_per_second))
    encoded: list[Encoded] = []
    for index in range(4):
        frame = VideoFrame(output.width, output.height, "yuv420p")
        frame.pts = index * step
        encoded += encoder.encode(frame, key=index % 2 == 0)
    encoded += encoder.flush()
    if [picture.key for picture in encoded] != [True, False, True, False]:
        raise ValueError(f"{encoder.name} makes no key frames where it is told to")
