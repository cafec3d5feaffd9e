"""How decoded pictures are to be shown, kept where they are encoded anew: shape of pixels, and colours."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.reformatter import Interpolation, VideoReformatter

_UNSPECIFIED: Final = 2  # of primaries, transfer and matrix (ISO/IEC 23091-2, 8)
LIMITED: Final = 1
"""Luma from 16 to 235, as libav numbers it."""
_FULL: Final = 2
_MOST: Final = Fraction(4)
_PIXEL_FORMAT: Final = "yuv420p"


class Appearance(NamedTuple):
    """What a decoder knows of it once it has decoded a picture; kept by scaling."""

    pixel_shape: Fraction = Fraction(1)
    """How much wider than high a pixel is: sample_aspect_ratio (ISO/IEC 14496-10, E.2.1)."""
    primaries: int = _UNSPECIFIED
    """ColourPrimaries (ISO/IEC 23091-2, 8.1)."""
    transfer: int = _UNSPECIFIED
    """TransferCharacteristics (8.2)."""
    matrix: int = _UNSPECIFIED
    """MatrixCoefficients (8.3)."""

    @classmethod
    def of(cls, decoder: VideoCodecContext) -> Appearance:
        """Of the pictures that `decoder` gives."""
        return cls(pixel_shape(decoder), decoder.color_primaries, decoder.color_trc, decoder.colorspace)

    def tell(self, encoder: VideoCodecContext, color_range: int = LIMITED) -> None:
        """To one that is not open yet. `color_range`: libav's, of the pictures that it is to encode."""
        encoder.sample_aspect_ratio = self.pixel_shape
        encoder.color_primaries, encoder.color_trc = self.primaries, self.transfer
        encoder.colorspace, encoder.color_range = self.matrix, color_range


UNTOLD: Final = Appearance()


def pixel_shape(decoder: VideoCodecContext) -> Fraction:
    """How much wider than high the pixels are; 1 where nobody says, or says what no camera has."""
    told = decoder.sample_aspect_ratio
    return told if told and 1 / _MOST <= told <= _MOST else Fraction(1)


def in_limited_range(
    frame: VideoFrame,
    width: int,
    height: int,
    reformatter: VideoReformatter,
    interpolation: Interpolation | None = None,
) -> VideoFrame:
    """`frame` in this size in 8 bits of 4:2:0, black at 16 and white at 235, as players expect where they are
    told of nothing else, and as hardware encodes. The same one where it is so already.
    """
    is_full = frame.color_range == _FULL
    if (frame.width, frame.height, frame.format.name) == (width, height, _PIXEL_FORMAT) and not is_full:
        return frame
    ranges = {"src_color_range": _FULL, "dst_color_range": LIMITED} if is_full else {}
    return reformatter.reformat(frame, width, height, _PIXEL_FORMAT, interpolation=interpolation, **ranges)
