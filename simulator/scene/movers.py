"""What moves through the picture. Every motion repeats within a minute, so that the loop has no seam."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from simulator.scene.canvas import Canvas, Colour, shaded

_TYRE: Colour = (34, 36, 40)
_GLASS: Colour = (150, 186, 206)
_SKIN: Colour = (222, 178, 146)
_SHADOW: Colour = (30, 34, 30, 70)


@dataclass(frozen=True, slots=True)
class Mover:
    """frames: shown in turn, `rate` a second, 60 * rate being a multiple of their number.

    place: left and top by second of the minute, in design units. base: what stands lower is nearer.
    """

    frames: tuple[Image.Image, ...]
    rate: float
    place: Callable[[float], tuple[float, float]]
    base: float

    def frame(self, second: float) -> Image.Image:
        return self.frames[int(second * self.rate) % len(self.frames)]


def across(
    width: float, length: float, top: float, period: float, phase: float, leftward: bool
) -> Callable[[float], tuple[float, float]]:
    """A way from beyond one edge to beyond the other, once in `period` seconds, a divisor of 60."""

    def place(second: float) -> tuple[float, float]:
        way = (second / period + phase) % 1
        x = -length + (width + length) * way
        return (width - length - x if leftward else x), top

    return place


def standing(left: float, top: float) -> Callable[[float], tuple[float, float]]:
    return lambda _: (left, top)


def to_and_fro(
    left: float, right: float, top: float, period: float, phase: float
) -> Callable[[float], tuple[float, float]]:
    def place(second: float) -> tuple[float, float]:
        return left + (right - left) * (0.5 - 0.5 * math.cos((second / period + phase) * math.tau)), top

    return place


def car(colour: Colour, length: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    """A saloon."""
    unit = length / 100
    canvas = Canvas(length, 42 * unit, scale)
    canvas.ellipse(50 * unit, 38 * unit, 48 * unit, 4 * unit, _SHADOW)
    canvas.polygon(
        [(p[0] * unit, p[1] * unit) for p in ((18, 17), (32, 3), (68, 3), (84, 17), (84, 20), (18, 20))],
        colour,
    )
    canvas.polygon([(p[0] * unit, p[1] * unit) for p in ((23, 17), (34, 6), (49, 6), (49, 17))], _GLASS)
    canvas.polygon([(p[0] * unit, p[1] * unit) for p in ((52, 17), (52, 6), (66, 6), (78, 17))], _GLASS)
    canvas.rounded(2 * unit, 16 * unit, 98 * unit, 33 * unit, 6 * unit, colour)
    canvas.rectangle(3 * unit, 27 * unit, 97 * unit, 33 * unit, shaded(colour, 0.75))
    canvas.rectangle(94 * unit, 20 * unit, 98 * unit, 24 * unit, (250, 240, 190))
    canvas.rectangle(2 * unit, 20 * unit, 5 * unit, 24 * unit, (190, 40, 36))
    _wheels(canvas, (22 * unit, 77 * unit), 33 * unit, 7.5 * unit)
    return (_facing(canvas, leftward),)


def lorry(colour: Colour, length: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    """A light lorry with a tarpaulin over its load."""
    unit = length / 100
    canvas = Canvas(length, 56 * unit, scale)
    canvas.ellipse(50 * unit, 52 * unit, 48 * unit, 4 * unit, _SHADOW)
    canvas.rounded(2 * unit, 8 * unit, 66 * unit, 40 * unit, 3 * unit, (92, 116, 92))
    for rib in range(1, 5):
        x = (2 + 64 * rib / 5) * unit
        canvas.line([(x, 9 * unit), (x, 39 * unit)], 0.8 * unit, (76, 98, 76))
    canvas.polygon(
        [(p[0] * unit, p[1] * unit) for p in ((68, 14), (86, 14), (97, 30), (97, 44), (68, 44))], colour
    )
    canvas.polygon([(p[0] * unit, p[1] * unit) for p in ((76, 18), (85, 18), (92, 29), (76, 29))], _GLASS)
    canvas.rectangle(2 * unit, 40 * unit, 97 * unit, 45 * unit, (60, 64, 70))
    canvas.rectangle(94 * unit, 33 * unit, 97 * unit, 37 * unit, (250, 240, 190))
    _wheels(canvas, (20 * unit, 82 * unit), 46 * unit, 8 * unit)
    return (_facing(canvas, leftward),)


def tricycle(colour: Colour, length: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    """An electric cargo tricycle and its driver."""
    unit = length / 100
    canvas = Canvas(length, 84 * unit, scale)
    canvas.ellipse(50 * unit, 80 * unit, 46 * unit, 4 * unit, _SHADOW)
    canvas.rectangle(4 * unit, 38 * unit, 56 * unit, 64 * unit, colour)
    canvas.rectangle(4 * unit, 38 * unit, 56 * unit, 42 * unit, shaded(colour, 0.7))
    for sack in (14, 28, 42):
        canvas.ellipse(sack * unit, 34 * unit, 10 * unit, 8 * unit, (208, 190, 142))
    canvas.line(
        [(56 * unit, 62 * unit), (80 * unit, 62 * unit), (88 * unit, 34 * unit)], 4 * unit, (70, 74, 80)
    )
    canvas.rounded(60 * unit, 22 * unit, 72 * unit, 56 * unit, 5 * unit, (54, 84, 128))
    canvas.line([(69 * unit, 32 * unit), (86 * unit, 38 * unit)], 4 * unit, (54, 84, 128))
    canvas.ellipse(67 * unit, 14 * unit, 7 * unit, 8 * unit, _SKIN)
    canvas.ellipse(67 * unit, 9 * unit, 12 * unit, 3.4 * unit, (222, 204, 150))
    _wheels(canvas, (24 * unit, 86 * unit), 68 * unit, 11 * unit)
    return (_facing(canvas, leftward),)


def walker(colour: Colour, height: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    """A person walking, in eight pictures of a stride."""
    return tuple(
        _facing(_figure(colour, height, scale, math.sin(step * math.tau / 8), 0.3), leftward)
        for step in range(8)
    )


def dancer(colour: Colour, height: float, scale: float) -> tuple[Image.Image, ...]:
    """A person dancing on the square: arms up and down, weight from foot to foot."""
    return tuple(
        _figure(
            colour, height, scale, 0.7 * math.sin(step * math.tau / 15), 1.2 + math.cos(step * math.tau / 15)
        ).finished()
        for step in range(15)
    )


def _figure(colour: Colour, height: float, scale: float, stride: float, arms: float) -> Canvas:
    """stride: -1 to 1. arms: how far they are from the body, in radians from hanging down."""
    unit = height / 100
    canvas = Canvas(60 * unit, height * 1.04, scale)
    canvas.ellipse(30 * unit, 100 * unit, 22 * unit, 4 * unit, _SHADOW)
    trousers: Colour = (52, 56, 70)
    for side in (-1, 1):
        canvas.line(
            [(30 * unit, 56 * unit), ((30 + side * stride * 16) * unit, 98 * unit)], 9 * unit, trousers
        )
        swing = arms * side if arms > 0.5 else side * stride * 0.5
        hand = 30 + 32 * math.sin(swing), 28 + 32 * math.cos(swing)
        canvas.line(
            [(30 * unit, 28 * unit), (hand[0] * unit, hand[1] * unit)], 7 * unit, shaded(colour, 0.85)
        )
    canvas.rounded(20 * unit, 22 * unit, 40 * unit, 62 * unit, 7 * unit, colour)
    canvas.ellipse(30 * unit, 12 * unit, 9 * unit, 10 * unit, _SKIN)
    canvas.ellipse(29 * unit, 7.5 * unit, 9.5 * unit, 6.5 * unit, (40, 34, 32))
    return canvas


def boat(length: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    unit = length / 100
    canvas = Canvas(length, 60 * unit, scale)
    canvas.polygon(
        [(p[0] * unit, p[1] * unit) for p in ((2, 38), (98, 34), (86, 54), (14, 54))], (110, 78, 52)
    )
    canvas.polygon(
        [(p[0] * unit, p[1] * unit) for p in ((26, 38), (32, 18), (66, 18), (72, 37))], (176, 150, 104)
    )
    canvas.rounded(80 * unit, 10 * unit, 88 * unit, 38 * unit, 3 * unit, (70, 92, 112))
    canvas.ellipse(84 * unit, 8 * unit, 9 * unit, 3 * unit, (216, 198, 142))
    return (_facing(canvas, leftward),)


def bird(size: float, scale: float, leftward: bool) -> tuple[Image.Image, ...]:
    """An egret, four pictures of a wing beat."""
    frames = []
    for lift in (-0.5, 0.0, 0.5, 0.0):
        canvas = Canvas(size, size * 0.8, scale)
        middle = size * 0.4
        canvas.ellipse(size * 0.5, middle, size * 0.2, size * 0.06, (250, 250, 248))
        for side in (-1, 1):
            tip = size * (0.5 + side * 0.32), middle + size * 0.6 * lift
            canvas.line([(size * 0.5, middle), tip], size * 0.08, (244, 246, 246))
        canvas.line([(size * 0.68, middle), (size * 0.8, middle - size * 0.04)], size * 0.05, (224, 180, 80))
        frames.append(_facing(canvas, leftward))
    return tuple(frames)


def cloud(length: float, scale: float, random: Random) -> tuple[Image.Image, ...]:
    canvas = Canvas(length, length * 0.42, scale)
    for _ in range(9):
        x, y = random.uniform(0.24, 0.76) * length, random.uniform(0.18, 0.26) * length
        radius = random.uniform(0.07, 0.13) * length
        canvas.ellipse(x, y, radius * 1.4, radius, (255, 255, 255, 170))
    canvas.blur(length * 0.02)
    return (canvas.finished(),)


def flag(scale: float) -> tuple[Image.Image, ...]:
    """A red flag at the top of its pole, fifteen pictures of a wave."""
    frames = []
    for step in range(15):
        canvas = Canvas(40, 26, scale)
        upper = [(4 + x, 4 + 1.6 * math.sin(x / 5 - step * math.tau / 15) * x / 30) for x in range(0, 31, 2)]
        canvas.polygon([*upper, *((x, y + 18) for x, y in reversed(upper))], (208, 36, 36))
        canvas.ellipse(10, 9 + upper[3][1] - 4, 2.4, 2.4, (250, 214, 70))
        frames.append(canvas.finished())
    return tuple(frames)


def _wheels(canvas: Canvas, centres: tuple[float, ...], y: float, radius: float) -> None:
    for x in centres:
        canvas.ellipse(x, y, radius, radius, _TYRE)
        canvas.ellipse(x, y, radius * 0.5, radius * 0.5, (170, 174, 178))


def _facing(canvas: Canvas, leftward: bool) -> Image.Image:
    """The finished picture of something drawn facing right."""
    image = canvas.finished()
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if leftward else image
