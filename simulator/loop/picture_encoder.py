"""The encoders of loops and of their clocks, set so that slices of several of them make one picture.

All pictures of a format are coded with the same parameter sets but for the size, in closed GOPs of two
seconds without B-frames, as surveillance cameras send; so slices of pictures that are equally far from their
encoder's start have the same place in their GOP. H.264 has no loop filter, as it would cross slices' edges.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from simulator.loop.parameters import GOP_SECONDS, VideoCodec, VideoFormat
from simulator.loop.slices import POC_BITS
from simulator.scene.footer import BLOCK

ENCODERS = {VideoCodec.H264: "libx264", VideoCodec.H265: "libx265"}
_START_CODE = re.compile(b"\x00\x00\x00?\x01")


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """NAL units without start codes: slices, and SEI before the first picture's."""

    nal_units: tuple[bytes, ...]
    key: bool


def encode_pictures(pictures: Iterable[NDArray[np.uint8]], format_: VideoFormat) -> Iterator[EncodedPicture]:
    """One for each picture, which are planes of YUV 4:2:0 one below the other, at a constant bit rate."""
    context = av.CodecContext.create(ENCODERS[format_.codec], "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = format_.width, format_.height, "yuv420p"
    context.framerate, context.time_base = Fraction(format_.frame_rate), Fraction(1, format_.frame_rate)
    context.bit_rate, context.thread_count = format_.bit_rate, 1
    context.flags |= Flags.global_header
    context.options = encoder_options(format_)
    for number, planes in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, format_.frame_rate)
        yield from map(_picture, context.encode(frame))
    yield from map(_picture, context.encode(None))


def encoder_options(format_: VideoFormat) -> dict[str, str]:
    """Options of FFmpeg for the codec's encoder."""
    gop = format_.frame_rate * GOP_SECONDS
    kilobits = format_.bit_rate // 1000
    gops = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes=0"
    if format_.codec is VideoCodec.H265:
        options = {
            "x265-params": f"log-level=error:{gops}:pools=none:frame-threads=1:rc-lookahead=0:"
            f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits}:min-cu-size={BLOCK}:ctu={BLOCK}:me=dia:subme=0:rd=1:"
            f"no-sao=1:aq-mode=0:weightp=0:signhide=0:temporal-mvp=0:log2-max-poc-lsb={POC_BITS}"
        }
    else:
        options = {
            "maxrate": str(format_.bit_rate),
            "bufsize": str(format_.bit_rate),
            "x264-params": f"{gops}:cabac=0:no-deblock=1:weightp=0",
        }
    return {"preset": "ultrafast", "tune": "zerolatency", **options}


def _picture(packet: "av.Packet[av.VideoStream]") -> EncodedPicture:
    units = tuple(filter(None, _START_CODE.split(bytes(packet))))
    return EncodedPicture(units, packet.is_keyframe)
