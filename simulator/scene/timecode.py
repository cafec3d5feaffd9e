"""The instant as black and white cells in the picture, so that a program can read it back.

Above the footer sixteen square cells from the left edge on, most significant bit first: thirteen bits of
hundredths of a second since the full minute, then three bits of checksum. In the footer's band two rows of
sixteen: twenty-seven bits of minutes since 1970 (UTC), then five bits of checksum. It is what VITC (SMPTE
12M) was to analogue video.
"""

import numpy as np
from numpy.typing import NDArray

from simulator.scene.footer import band_top, scene_bottom

COLUMNS = 16
_SECOND_CHECK_BITS, _MINUTE_CHECK_BITS = 3, 5
_MINUTE_ROWS = 2
_BLACK, _WHITE = 32, 208


def cell_pixels(height: int) -> int:
    """Side of one cell in a picture of so many lines."""
    return max(4, height * 8 // 360)


def draw_second(picture: NDArray[np.uint8], second: float) -> None:
    """Draws `second` (0 up to 60) into `picture`, shape (height, width, 3) or (height, width), in place."""
    value = round(second * 100) % 6000
    side = cell_pixels(picture.shape[0])
    top = scene_bottom(picture.shape[0]) - side
    _draw(picture, top, side, _checked(value, _SECOND_CHECK_BITS), rows=1)


def draw_minute(band: NDArray[np.uint8], minute: int, height: int) -> None:
    """Draws a minute of Unix time into the luma of the band of a picture with `height` lines, in place."""
    side = cell_pixels(height)
    _draw(band, _minute_top(height), side, _checked(minute, _MINUTE_CHECK_BITS), rows=_MINUTE_ROWS)


def read_timecode(luma: NDArray[np.uint8]) -> float | None:
    """Second of the minute in a decoded picture's luma, shape (height, width); None where it is not legible.

    The picture must have the height it was drawn with; a scaled one reads as None or not at all.
    """
    side = cell_pixels(luma.shape[0])
    word = _read(luma, scene_bottom(luma.shape[0]) - side, side, rows=1)
    value = None if word is None else _unchecked(word, _SECOND_CHECK_BITS)
    return None if value is None or value >= 6000 else value / 100


def read_instant(luma: NDArray[np.uint8]) -> float | None:
    """Unix time in seconds in a decoded picture's luma, which is as for `read_timecode`."""
    height = luma.shape[0]
    second = read_timecode(luma)
    word = _read(luma, band_top(height) + _minute_top(height), cell_pixels(height), rows=_MINUTE_ROWS)
    minute = None if word is None else _unchecked(word, _MINUTE_CHECK_BITS)
    return None if second is None or minute is None else minute * 60 + second


def _minute_top(height: int) -> int:
    """The first row's line in the band: the rows stand in its middle."""
    return (height - band_top(height) - _MINUTE_ROWS * cell_pixels(height)) // 2


def _checked(value: int, check_bits: int) -> int:
    """A word that is neither all black nor all white."""
    return value << check_bits | value % ((1 << check_bits) - 1) + 1


def _unchecked(word: int, check_bits: int) -> int | None:
    value = word >> check_bits
    return value if word == _checked(value, check_bits) else None


def _draw(picture: NDArray[np.uint8], top: int, side: int, word: int, rows: int) -> None:
    for cell in range(rows * COLUMNS):
        row, column = divmod(cell, COLUMNS)
        bit = word >> (rows * COLUMNS - 1 - cell) & 1
        y, x = top + row * side, column * side
        picture[y : y + side, x : x + side] = _WHITE if bit else _BLACK


def _read(luma: NDArray[np.uint8], top: int, side: int, rows: int) -> int | None:
    margin = side // 4
    word = 0
    for cell in range(rows * COLUMNS):
        row, column = divmod(cell, COLUMNS)
        y, x = top + row * side, column * side
        inner = luma[y + margin : y + side - margin, x + margin : x + side - margin]
        brightness = float(inner.mean())
        if 90 < brightness < 165:
            return None
        word = word << 1 | (brightness > 128)
    return word
