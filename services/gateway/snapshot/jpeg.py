"""Pictures as JPEG."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


def encode_jpeg(frame: VideoFrame, quantiser: int) -> bytes:
    """`quantiser`: mjpeg's, 1 (best) to 31. Blocks. Raises av.FFmpegError."""
    import av
    from av.video.codeccontext import VideoCodecContext

    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(quantiser), "qmax": str(quantiser)}
    converted = frame.reformat(format="yuvj420p")
    converted.pts = None
    return b"".join(bytes(packet) for packet in (*encoder.encode(converted), *encoder.encode(None)))
