"""The second of the minute as black and white cells in the picture, so that a program can read it back.

Sixteen square cells in the bottom left corner, most significant bit first: thirteen bits of hundredths of a
second since the full minute, then three bits of checksum. It is what VITC (SMPTE 12M) was to analogue video.
"""

import numpy as np
from numpy.typing import NDArray

_VALUE_BITS = 13
_CHECK_BITS = 3
CELLS = _VALUE_BITS + _CHECK_BITS
_CHECK_MODULUS = 7


def cell_pixels(height: int) -> int:
    """Side of one cell in a picture of so many lines."""
    return max(4, height * 8 // 360)


def draw_timecode(picture: NDArray[np.uint8], second: float) -> None:
    """Draws `second` (0 up to 60) into `picture`, shape (height, width, 3) or (height, width), in place."""
    value = round(second * 100) % 6000
    word = value << _CHECK_BITS | value % _CHECK_MODULUS + 1
    side = cell_pixels(picture.shape[0])
    for cell in range(CELLS):
        bit = word >> (CELLS - 1 - cell) & 1
        picture[-side:, cell * side : (cell + 1) * side] = 208 if bit else 32


def read_timecode(luma: NDArray[np.uint8]) -> float | None:
    """Second of the minute in a decoded picture's luma, shape (height, width); None where it is not legible.

    The picture must have the height it was drawn with; a scaled one reads as None or not at all.
    """
    side = cell_pixels(luma.shape[0])
    margin = side // 4
    word = 0
    for cell in range(CELLS):
        inner = luma[-side + margin : -margin, cell * side + margin : (cell + 1) * side - margin]
        brightness = float(inner.mean())
        if 90 < brightness < 165:
            return None
        word = word << 1 | (brightness > 128)
    value, check = word >> _CHECK_BITS, word & ((1 << _CHECK_BITS) - 1)
    if value >= 6000 or check != value % _CHECK_MODULUS + 1:
        return None
    return value / 100
