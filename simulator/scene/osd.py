"""What a camera burns into the scene: name, dial with a sweeping hand, and the footer without its clock."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from simulator.scene.fonts import Font, Fonts
from simulator.scene.footer import draw_footer, scene_bottom
from simulator.scene.timecode import cell_pixels, draw_second

_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


class OnScreenDisplay:
    """Draws one camera's display over its pictures, as far as it is the same in every minute."""

    def __init__(self, title: str, latin_title: str, height: int, fonts: Fonts) -> None:
        self._scale = height / 360
        self._title = self._lettering(
            title if fonts.chinese else latin_title, fonts.sized(round(19 * self._scale))
        )

    def over(self, image: Image.Image, second: float) -> NDArray[np.uint8]:
        """The RGB picture with the display for `second` (0 up to 60) over it, shape (height, width, 3)."""
        margin = round(12 * self._scale)
        bottom = scene_bottom(image.height)
        title_top = bottom - margin // 2 - cell_pixels(image.height) - self._title.height
        image.paste(self._title, (margin, title_top), self._title)
        dial = self._draw_dial(second)
        image.paste(dial, (image.width - margin - dial.width, margin), dial)
        picture = np.array(image)
        draw_footer(picture)
        draw_second(picture, second)
        return picture

    def _draw_dial(self, second: float) -> Image.Image:
        """A clock face whose one hand goes round once a minute, drawn double and halved for smooth edges."""
        size = round(44 * self._scale) * 2
        radius, centre = size / 2 - 3, size / 2
        dial = Image.new("RGBA", (size, size), (0, 0, 0, 0))
        pen = ImageDraw.Draw(dial)
        pen.ellipse((3, 3, size - 3, size - 3), fill=(10, 14, 20, 120), outline=(255, 255, 255, 230), width=3)
        for mark in range(12):
            angle = mark * math.pi / 6
            inner = radius * (0.72 if mark % 3 == 0 else 0.84)
            pen.line((*_at(centre, inner, angle), *_at(centre, radius - 3, angle)), fill=_WHITE, width=2)
        angle = second * math.pi / 30
        pen.line(
            (*_at(centre, -radius * 0.18, angle), *_at(centre, radius * 0.8, angle)),
            fill=(255, 196, 64),
            width=4,
        )
        pen.ellipse((centre - 4, centre - 4, centre + 4, centre + 4), fill=(255, 196, 64))
        return dial.resize((size // 2, size // 2), Image.Resampling.BOX)

    def _lettering(self, text: str, font: Font) -> Image.Image:
        stroke = max(1, round(1.5 * self._scale))
        left, top, right, bottom = font.getbbox(text)
        image = Image.new(
            "RGBA", (math.ceil(right - left) + 2 * stroke, math.ceil(bottom - top) + 2 * stroke)
        )
        ImageDraw.Draw(image).text(
            (stroke - left, stroke - top),
            text,
            font=font,
            fill=_WHITE,
            stroke_width=stroke,
            stroke_fill=_BLACK,
        )
        return image


def _at(centre: float, radius: float, angle: float) -> tuple[float, float]:
    """The point of a dial at `angle` clockwise from twelve."""
    return centre + radius * math.sin(angle), centre - radius * math.cos(angle)
