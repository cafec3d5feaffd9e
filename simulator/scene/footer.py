"""The bar at the foot of every picture: the scene's last lines, then the band that bears the clock.

The band is coded by itself and shows another text each minute, while the scene above it comes from a loop
made once. So no block of the scene may ever be predicted from the band: the band begins on a block of both
codecs, and the rule above it, dark under a bright line, makes any such prediction a far worse match than the
same place in the picture before.
"""

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Lines and columns of a macroblock of H.264, and of a coding tree unit as the loops use H.265."""
FOOT = (26, 30, 36)
"""Red, green and blue of the bar."""
_ACCENT = (214, 220, 226)
_BAND_LINES, _RULE_LINES = 22 / 360, 8 / 360
"""At least so large a share of the picture's height."""


def band_top(height: int) -> int:
    """The band's first line in a picture of so many lines."""
    return (height - max(BLOCK, round(height * _BAND_LINES))) // BLOCK * BLOCK


def scene_bottom(height: int) -> int:
    """The first line that is no longer scene."""
    return band_top(height) - max(4, round(height * _RULE_LINES))


def draw_footer(picture: NDArray[np.uint8]) -> None:
    """Draws the bar, still without a clock, into an RGB picture, shape (height, width, 3)."""
    height = picture.shape[0]
    top = scene_bottom(height)
    picture[top:] = FOOT
    picture[top : top + max(2, height // 180)] = _ACCENT
