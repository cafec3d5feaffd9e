"""Drawing in the units of a picture 360 lines high, at four times its size for smooth edges."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

from simulator.scene.fonts import Fonts

Colour = tuple[int, int, int] | tuple[int, int, int, int]
Point = tuple[float, float]
DESIGN_HEIGHT = 360
_OVERSAMPLING = 2


class Canvas:
    """A transparent sheet. All lengths are in design units, of which a picture has 360 from top to bottom."""

    def __init__(self, width: float, height: float, scale: float) -> None:
        """scale: pixels of the finished picture for each design unit."""
        self.width, self.height = width, height
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        self._scale = scale * _OVERSAMPLING
        size = self._size[0] * _OVERSAMPLING, self._size[1] * _OVERSAMPLING
        self._image = Image.new("RGBA", size, (255, 255, 255, 0))
        self._pen = ImageDraw.Draw(self._image)

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: Colour) -> None:
        self._pen.rectangle(self._flat((left, top), (right, bottom)), fill=fill)

    def rounded(
        self, left: float, top: float, right: float, bottom: float, radius: float, fill: Colour
    ) -> None:
        self._pen.rounded_rectangle(self._flat((left, top), (right, bottom)), radius * self._scale, fill=fill)

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float, fill: Colour) -> None:
        box = self._flat((x - radius_x, y - radius_y), (x + radius_x, y + radius_y))
        self._pen.ellipse(box, fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self._pen.polygon(self._flat(*points), fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        self._pen.line(
            self._flat(*points), fill=fill, width=max(1, round(width * self._scale)), joint="curve"
        )

    def gradient(self, top: float, bottom: float, above: Colour, below: Colour) -> None:
        """Fills the sheet's width between two heights, from one colour to another."""
        first, last = round(top * self._scale), round(bottom * self._scale)
        for row in range(first, last):
            share = (row - first) / max(1, last - first - 1)
            self._pen.line((0, row, self._image.width, row), fill=blended(above, below, share))

    def text(self, x: float, y: float, text: str, size: float, fonts: Fonts, fill: Colour) -> None:
        """Centred on (x, y)."""
        font = fonts.sized(max(4, round(size * self._scale)))
        self._pen.text((x * self._scale, y * self._scale), text, font=font, fill=fill, anchor="mm")

    def blur(self, radius: float) -> None:
        self._image = self._image.filter(ImageFilter.GaussianBlur(radius * self._scale))
        self._pen = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """The sheet at the size of the picture, RGBA."""
        return self._image.resize(self._size, Image.Resampling.BOX)

    def _flat(self, *points: Point) -> list[float]:
        return [coordinate * self._scale for point in points for coordinate in point]


def blended(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with so large a share (0 to 1) of `other`; opaque."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue


def shaded(colour: Colour, factor: float) -> Colour:
    """Darker below 1, lighter above."""
    red, green, blue = (min(255, round(part * factor)) for part in colour[:3])
    return red, green, blue
