"""The clock that a camera burns in at the foot of its picture: date, weekday and time of day."""

from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from simulator.scene.fonts import Fonts
from simulator.scene.footer import FOOT, band_top
from simulator.scene.timecode import COLUMNS, cell_pixels, draw_minute

_CHINESE_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
_LATIN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TEXT = 236
"""Luma of the lettering."""
_NEUTRAL = 128
"""Chroma of grey."""


class ClockBand:
    """Draws the footer's band, the same for all cameras whose pictures have one size."""

    def __init__(self, width: int, height: int, zone: tzinfo, fonts: Fonts) -> None:
        """width, height: of the whole picture, pixels. zone: whose local time is written."""
        self._shape = height - band_top(height), width
        self._height = height
        self._zone = zone
        self._days = _CHINESE_DAYS if fonts.chinese else _LATIN_DAYS
        self._font = fonts.sized(max(6, round(18 * height / 360)))

    def planes(self, minute: int, second: int) -> NDArray[np.uint8]:
        """The band in a second of a minute of Unix time, as planes of YUV 4:2:0 one below the other."""
        lines, width = self._shape
        luma = Image.new("L", (width, lines), _luma(FOOT))
        left = (COLUMNS + 1) * cell_pixels(self._height)
        text = self._text(minute * 60 + second)
        ImageDraw.Draw(luma).text((left, lines / 2), text, fill=_TEXT, font=self._font, anchor="lm")
        planes = np.full((lines * 3 // 2, width), _NEUTRAL, np.uint8)
        planes[:lines] = np.asarray(luma)
        draw_minute(planes[:lines], minute, self._height)
        return planes

    def _text(self, instant: int) -> str:
        local = datetime.fromtimestamp(instant, self._zone)
        return f"{local:%Y-%m-%d} {self._days[local.weekday()]} {local:%H:%M:%S}"


def _luma(colour: tuple[int, int, int]) -> int:
    """Rec. ITU-R BT.601, 8 bits, limited range."""
    red, green, blue = colour
    return round(16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256)
