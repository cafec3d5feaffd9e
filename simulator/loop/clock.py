"""The clock's slices: the footer's band of each picture of one minute, coded to be spliced into a loop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulator.loop.parameters import LOOP_SECONDS, VideoCodec, VideoFormat
from simulator.loop.picture_encoder import encode_pictures
from simulator.loop.slices import moved_h264, moved_h265
from simulator.scene.band import ClockBand
from simulator.scene.fonts import Fonts
from simulator.scene.footer import BLOCK, band_top

LOOP_MINUTE = 0
"""The minute of Unix time that a loop shows in its file."""
VILLAGE_TIME = ZoneInfo("Asia/Shanghai")
"""What the cameras' clocks show."""
_BIT_RATE, _BITS_PER_COLUMN = 6_000, 10
"""The band's bit rate, and what each of its columns adds to it: legible, and little beside the scene."""


def scene_format(whole: VideoFormat) -> VideoFormat:
    """Of the picture without its band."""
    bit_rate = whole.bit_rate - _band_format(whole).bit_rate
    return replace(whole, height=band_top(whole.height), bit_rate=bit_rate)


def encode_clock(whole: VideoFormat, minute: int, zone: tzinfo, fonts: Fonts) -> Iterator[bytes]:
    """By picture, the slice of a minute of Unix time, as a NAL unit. The first picture is the minute's first.

    whole: the format of the loops it is for; it goes with all of them.
    """
    for picture in encode_pictures(_pictures(whole, minute, zone, fonts), _band_format(whole)):
        yield moved_into_band(picture.nal_units[-1], whole)


def moved_into_band(nal: bytes, whole: VideoFormat) -> bytes:
    """The slice of a picture as large as the band, moved to where the band stands in the whole picture."""
    columns = -(-whole.width // BLOCK)
    first = columns * (band_top(whole.height) // BLOCK)
    if whole.codec is VideoCodec.H264:
        return moved_h264(nal, first)
    return moved_h265(nal, first, columns * -(-whole.height // BLOCK))


def _band_format(whole: VideoFormat) -> VideoFormat:
    lines = whole.height - band_top(whole.height)
    return replace(whole, height=lines, bit_rate=_BIT_RATE + _BITS_PER_COLUMN * whole.width)


def _pictures(whole: VideoFormat, minute: int, zone: tzinfo, fonts: Fonts) -> Iterator[NDArray[np.uint8]]:
    band = ClockBand(whole.width, whole.height, zone, fonts)
    for second in range(LOOP_SECONDS):
        planes = band.planes(minute, second)
        for _ in range(whole.frame_rate):
            yield planes
