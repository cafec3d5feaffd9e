"""Houses and public buildings of a village."""

from random import Random

from simulator.scene.canvas import Canvas, Colour, shaded
from simulator.scene.fonts import Fonts
from simulator.scene.light import Light

_TILE: Colour = (74, 80, 88)
_BRICK: Colour = (172, 100, 76)
_RED: Colour = (200, 40, 40)
_GLASS: Colour = (92, 132, 158)
_WOOD: Colour = (112, 70, 46)


def house(canvas: Canvas, left: float, base: float, width: float, light: Light, random: Random) -> None:
    """One of the three kinds of farmhouse, standing on the line `base`."""
    kind = random.choice((_tiled_house, _tiled_house, _brick_house, _new_house))
    kind(canvas, left, base, width, light, random)


def _tiled_house(
    canvas: Canvas, left: float, base: float, width: float, light: Light, random: Random
) -> None:
    """White walls under a grey tiled roof with turned-up eaves."""
    height = width * random.uniform(0.34, 0.42)
    wall = base - height
    roof = height * 0.55
    canvas.rectangle(left, wall, left + width, base, light.wall)
    canvas.rectangle(left, base - height * 0.14, left + width, base, shaded(light.wall, 0.78))
    eaves = width * 0.06
    canvas.polygon(
        [
            (left - eaves * 1.3, wall + roof * 0.04),
            (left - eaves * 0.6, wall + roof * 0.12),
            (left + width + eaves * 0.6, wall + roof * 0.12),
            (left + width + eaves * 1.3, wall + roof * 0.04),
            (left + width - eaves * 0.8, wall - roof),
            (left + eaves * 0.8, wall - roof),
        ],
        _TILE,
    )
    for step in range(1, 16):
        x = left + width * step / 16
        lean = (x - left - width / 2) * 0.1
        canvas.line([(x - lean, wall - roof), (x, wall + roof * 0.08)], 0.5, shaded(_TILE, 0.82))
    canvas.line(
        [(left + eaves * 0.5, wall - roof), (left + width - eaves * 0.5, wall - roof)], 2, (52, 56, 62)
    )
    canvas.rectangle(left, wall + roof * 0.12, left + width, wall + roof * 0.2, shaded(light.wall, 0.7))
    _door(canvas, left + width / 2, base, height * 0.58)
    for side in (0.2, 0.8):
        _window(canvas, left + width * side, base - height * 0.42, width * 0.13, height * 0.28)


def _brick_house(
    canvas: Canvas, left: float, base: float, width: float, light: Light, random: Random
) -> None:
    """Red brick, flat roof."""
    height = width * random.uniform(0.4, 0.5)
    brick = shaded(_BRICK, light.wall[0] / 245)
    canvas.rectangle(left, base - height, left + width, base, brick)
    for row in range(1, 12):
        y = base - height * row / 12
        canvas.line([(left, y), (left + width, y)], 0.4, shaded(brick, 0.88))
    canvas.rectangle(left - 3, base - height - 4, left + width + 3, base - height, (196, 192, 184))
    canvas.rectangle(left - 3, base - height, left + width + 3, base - height + 2, shaded(brick, 0.6))
    _door(canvas, left + width * 0.3, base, height * 0.56)
    for side in (0.58, 0.82):
        _window(canvas, left + width * side, base - height * 0.48, width * 0.15, height * 0.3)


def _new_house(canvas: Canvas, left: float, base: float, width: float, light: Light, random: Random) -> None:
    """Two storeys with a balcony under a red or blue roof."""
    height = width * random.uniform(0.68, 0.78)
    wall = shaded(light.wall, 0.97)
    roof = random.choice(((168, 72, 56), (70, 98, 138), (96, 84, 80)))
    top = base - height
    canvas.rectangle(left, top, left + width, base, wall)
    canvas.polygon(
        [
            (left - 5, top + 2),
            (left + width + 5, top + 2),
            (left + width * 0.84, top - height * 0.24),
            (left + width * 0.16, top - height * 0.24),
        ],
        roof,
    )
    canvas.rectangle(left, top + 2, left + width, top + 5, shaded(wall, 0.7))
    floor = base - height * 0.5
    for side in (0.2, 0.5, 0.8):
        _window(canvas, left + width * side, floor - height * 0.22, width * 0.17, height * 0.2)
    canvas.rectangle(left - 2, floor - 2, left + width + 2, floor + 2, shaded(wall, 0.8))
    for post in range(17):
        x = left + width * post / 16
        canvas.line([(x, floor - height * 0.09), (x, floor)], 0.6, (220, 220, 216))
    canvas.line([(left, floor - height * 0.09), (left + width, floor - height * 0.09)], 1, (226, 226, 222))
    _door(canvas, left + width * 0.5, base, height * 0.34)
    for side in (0.2, 0.8):
        _window(canvas, left + width * side, base - height * 0.24, width * 0.18, height * 0.2)


def gate(canvas: Canvas, centre: float, base: float, name: str, fonts: Fonts) -> None:
    """The memorial arch at the village's entrance, four pillars and the name on its board."""
    pillar: Colour = (176, 58, 46)
    for x, height in ((-92, 74), (-48, 104), (48, 104), (92, 74)):
        canvas.rectangle(centre + x - 4, base - height, centre + x + 4, base, pillar)
        canvas.rectangle(centre + x - 4, base - height, centre + x - 1, base, shaded(pillar, 1.2))
        canvas.rectangle(centre + x - 7, base - 9, centre + x + 7, base, (168, 164, 156))
    for x in (-70, 70):
        canvas.rectangle(centre + x - 22, base - 76, centre + x + 22, base - 64, (44, 92, 120))
        _upturned_roof(canvas, centre + x, base - 76, 34, 12)
    canvas.rectangle(centre - 50, base - 106, centre + 50, base - 78, (38, 84, 116))
    canvas.rectangle(centre - 40, base - 103, centre + 40, base - 81, (150, 36, 32))
    canvas.text(centre, base - 92, name, 17, fonts, (250, 214, 110))
    _upturned_roof(canvas, centre, base - 106, 66, 18)


def _upturned_roof(canvas: Canvas, centre: float, base: float, half: float, height: float) -> None:
    canvas.polygon(
        [
            (centre - half, base - height * 0.45),
            (centre - half * 0.85, base),
            (centre + half * 0.85, base),
            (centre + half, base - height * 0.45),
            (centre + half * 0.6, base - height * 0.5),
            (centre + half * 0.5, base - height),
            (centre - half * 0.5, base - height),
            (centre - half * 0.6, base - height * 0.5),
        ],
        (64, 96, 84),
    )
    canvas.line([(centre - half * 0.85, base), (centre + half * 0.85, base)], 1.6, (226, 178, 84))
    canvas.line([(centre - half * 0.5, base - height), (centre + half * 0.5, base - height)], 2, (44, 66, 58))


def public_building(
    canvas: Canvas,
    left: float,
    base: float,
    width: float,
    storeys: int,
    sign: str,
    colour: Colour,
    light: Light,
    fonts: Fonts,
) -> None:
    """A long building with rows of windows, a coloured band under its roof and a sign over its door."""
    storey = 30.0
    top = base - storeys * storey - 8
    wall = shaded(light.wall, 1.02)
    canvas.rectangle(left, top, left + width, base, wall)
    canvas.rectangle(left - 3, top - 4, left + width + 3, top + 3, shaded(wall, 0.82))
    canvas.rectangle(left, top + 3, left + width, top + 9, colour)
    columns = max(3, round(width / 30))
    for floor in range(storeys):
        y = base - floor * storey - 15
        for column in range(columns):
            x = left + width * (column + 0.5) / columns
            if floor or abs(x - left - width / 2) > 24:
                _window(canvas, x, y, 15, 14)
        canvas.line([(left, y - 13), (left + width, y - 13)], 0.8, shaded(wall, 0.86))
    middle = left + width / 2
    canvas.rectangle(middle - 17, base - 25, middle + 17, base, (78, 96, 108))
    canvas.line([(middle, base - 25), (middle, base)], 1, (200, 206, 210))
    canvas.rectangle(middle - 30, base - 30, middle + 30, base - 26, shaded(colour, 0.8))
    canvas.rectangle(left - 4, base - 2, left + width + 4, base + 2, (190, 188, 182))
    half = max(34, len(sign) * 8)
    canvas.rounded(middle - half, top - 15, middle + half, top + 2, 2, colour)
    canvas.text(middle, top - 6.5, sign, 12, fonts, (255, 250, 236))


def red_cross(canvas: Canvas, x: float, y: float) -> None:
    canvas.ellipse(x, y, 11, 11, (250, 250, 250))
    canvas.rectangle(x - 2.6, y - 8, x + 2.6, y + 8, _RED)
    canvas.rectangle(x - 8, y - 2.6, x + 8, y + 2.6, _RED)


def _door(canvas: Canvas, x: float, base: float, height: float) -> None:
    half = height * 0.3
    canvas.rectangle(x - half, base - height, x + half, base, _WOOD)
    canvas.line([(x, base - height), (x, base)], 0.8, shaded(_WOOD, 0.6))
    for side in (-1, 1):
        inner, outer = x + side * (half + 1), x + side * (half + 4)
        canvas.rectangle(
            min(inner, outer), base - height * 0.95, max(inner, outer), base - height * 0.2, _RED
        )
    canvas.rectangle(x - half, base - height - 4, x + half, base - height - 1, _RED)


def _window(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    canvas.rectangle(
        x - width / 2 - 1, y - height / 2 - 1, x + width / 2 + 1, y + height / 2 + 1, (236, 236, 232)
    )
    canvas.rectangle(x - width / 2, y - height / 2, x + width / 2, y + height / 2, _GLASS)
    canvas.polygon(
        [
            (x - width / 2, y + height / 2),
            (x - width / 2, y - height / 2),
            (x + width / 6, y - height / 2),
        ],
        shaded(_GLASS, 1.25),
    )
    canvas.line([(x, y - height / 2), (x, y + height / 2)], 0.8, (236, 236, 232))
