"""Draws the time of day and a mark into pictures, where nobody can take them off again."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from services.storage.exports.rendering.lettering import GLYPH_HEIGHT, GLYPH_WIDTH, glyph

_WHITE, _GREY = 235, 128
_SHADE = 0.25
"""What is left of the picture's light behind the letters."""
_LINES_OF_TEXT = 36
"""So many would fill a picture's height."""
_MOST_KEPT = 4


class Painter:
    """For the pictures of one file."""

    def __init__(self, mark: str, time_zone: str) -> None:
        self._mark = mark
        self._zone = ZoneInfo(time_zone)
        self._drawn: dict[tuple[int, int, int], NDArray[np.bool_]] = {}

    def paint(self, frame: VideoFrame, wall_ms: float) -> VideoFrame:
        """A copy of `frame`, which is yuv420p, with the time of day at the bottom left, the mark below it."""
        planes = frame.to_ndarray()
        height, width = frame.height, frame.width
        letters = self._letters(int(wall_ms // 1000), width, height)
        rows, columns = letters.shape
        luma = planes[height - rows : height, :columns]
        luma[:] = np.where(letters, _WHITE, 16 + (luma.astype(np.float32) - 16) * _SHADE).astype(np.uint8)
        colour = planes[height:].reshape(2, height // 2, width // 2)
        colour[:, (height - rows) // 2 :, : columns // 2] = _GREY
        painted = VideoFrame.from_ndarray(planes, "yuv420p")
        painted.color_range, painted.colorspace = frame.color_range, frame.colorspace
        return painted

    def _letters(self, second: int, width: int, height: int) -> NDArray[np.bool_]:
        key = second, width, height
        found = self._drawn.get(key)
        if found is None:
            moment = datetime.fromtimestamp(second, self._zone)
            told = f"{moment:%Y-%m-%d %H:%M:%S} {moment:%z}"
            while len(self._drawn) >= _MOST_KEPT:
                del self._drawn[next(iter(self._drawn))]
            found = self._drawn[key] = draw([told, self._mark], width, height)
        return found


def draw(texts: list[str], width: int, height: int) -> NDArray[np.bool_]:
    """Lines of text, broken where a picture of this size ends; true where there is ink."""
    scale = max(1, height // (_LINES_OF_TEXT * GLYPH_HEIGHT))
    advance, line_height = (GLYPH_WIDTH + 1) * scale, (GLYPH_HEIGHT + 2) * scale
    across = max(1, (width - 2 * scale) // advance)
    lines = [text[at : at + across] for text in texts for at in range(0, len(text), across)]
    lines = lines[: max(1, (height - 2 * scale) // line_height)]
    columns = min(width, 2 * scale + max(map(len, lines)) * advance) // 2 * 2
    ink = np.zeros(((len(lines) * line_height + 2 * scale) // 2 * 2, columns), np.bool_)
    for row, line in enumerate(lines):
        for column, letter in enumerate(line):
            shape = np.kron(glyph(letter), np.ones((scale, scale), np.bool_))
            top, left = scale + row * line_height, scale + column * advance
            ink[top : top + shape.shape[0], left : left + shape.shape[1]] = shape[:, : columns - left]
    return ink
