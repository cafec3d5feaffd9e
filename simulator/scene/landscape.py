"""Sky, hills, fields, water, roads and trees."""

import math
from random import Random

from simulator.scene.canvas import Canvas, Colour, blended, shaded
from simulator.scene.light import Light

HORIZON = 150.0


def sky_and_hills(canvas: Canvas, light: Light, random: Random) -> None:
    canvas.gradient(0, HORIZON, light.sky, light.horizon)
    if light.sun is not None:
        x, y = light.sun
        for radius, share in ((34, 0.25), (25, 0.5), (16, 1.0)):
            canvas.ellipse(x, y, radius, radius, blended(light.horizon, (255, 248, 220), share))
    _ridge(canvas, HORIZON - 46, 22, light.far_hills, random)
    _ridge(canvas, HORIZON - 22, 14, light.near_hills, random)
    canvas.gradient(HORIZON, canvas.height, blended(light.grass, light.near_hills, 0.4), light.grass)
    for _ in range(70):
        x = random.uniform(0, canvas.width)
        _crown(
            canvas,
            x,
            HORIZON + random.uniform(-4, 6),
            random.uniform(5, 12),
            shaded(light.leaves, 0.86),
            random,
        )


def _ridge(canvas: Canvas, level: float, relief: float, colour: Colour, random: Random) -> None:
    """A chain of hills: a few sines of random phase."""
    waves = [
        (random.uniform(0.6, 3.4), random.uniform(0, math.tau), random.uniform(0.3, 1)) for _ in range(5)
    ]
    points: list[tuple[float, float]] = [(0.0, HORIZON + 4)]
    for step in range(81):
        x = canvas.width * step / 80
        rise = sum(
            height * math.sin(x / canvas.width * math.tau * rate + phase) for rate, phase, height in waves
        )
        points.append((x, level - relief * rise * 0.45))
    points.append((canvas.width, HORIZON + 4))
    canvas.polygon(points, colour)


def road(canvas: Canvas, top: float, bottom: float, light: Light) -> None:
    """A road across the picture with kerbs and a broken centre line."""
    canvas.rectangle(0, top - 14, canvas.width, top, (186, 180, 170))
    for x in range(0, math.ceil(canvas.width), 26):
        canvas.line([(x, top - 14), (x - 5, top)], 0.7, (164, 158, 148))
    canvas.rectangle(0, top, canvas.width, bottom, light.road)
    canvas.rectangle(0, top, canvas.width, top + 2, (208, 206, 200))
    canvas.rectangle(0, bottom - 3, canvas.width, bottom, (208, 206, 200))
    middle = (top + bottom) / 2 - 3
    for x in range(-10, math.ceil(canvas.width), 46):
        canvas.polygon(
            [(x, middle), (x + 24, middle), (x + 22, middle + 3), (x - 2, middle + 3)], (238, 236, 224)
        )


def lane_into_village(canvas: Canvas, centre: float, top: float, bottom: float, light: Light) -> None:
    """A road away from the camera."""
    canvas.polygon(
        [(centre - 12, top), (centre + 12, top), (centre + 62, bottom), (centre - 62, bottom)], light.road
    )
    for step in range(5):
        near, far = (step + 0.5) / 5, (step + 0.1) / 5
        y, z = top + (bottom - top) * near, top + (bottom - top) * far
        canvas.polygon(
            [(centre - 1, z), (centre + 1, z), (centre + 1 + near, y), (centre - 1 - near, y)],
            (232, 230, 218),
        )


def paving(canvas: Canvas, top: float, light: Light) -> None:
    """A square of stone slabs, seen at a slant."""
    stone = blended(light.road, (228, 216, 196), 0.7)
    canvas.rectangle(0, top, canvas.width, canvas.height, stone)
    centre = canvas.width / 2
    for step in range(-24, 25):
        canvas.line([(centre + step * 24, top), (centre + step * 62, canvas.height)], 0.8, shaded(stone, 0.9))
    y, gap = top, 7.0
    while y < canvas.height:
        canvas.line([(0, y), (canvas.width, y)], 0.8, shaded(stone, 0.9))
        y, gap = y + gap, gap * 1.22


def paddies(canvas: Canvas, top: float, bottom: float, light: Light, random: Random) -> None:
    """Rice fields: strips of several greens and yellows, some under water."""
    rows = 4
    for row in range(rows):
        y0 = top + (bottom - top) * (row / rows) ** 1.3
        y1 = top + (bottom - top) * ((row + 1) / rows) ** 1.3
        x = -random.uniform(0, 60)
        while x < canvas.width:
            width = random.uniform(70, 130) * (0.6 + 0.25 * row)
            ripe, water = (214, 188, 92), blended(light.sky, light.horizon, 0.5)
            colour = random.choice(
                (light.grass, shaded(light.grass, 1.12), shaded(light.leaves, 1.25), ripe, water)
            )
            canvas.polygon([(x, y0), (x + width, y0), (x + width - 8, y1), (x - 8, y1)], colour)
            if colour != water:
                for line in range(int(width / 6)):
                    canvas.line(
                        [(x + line * 6, y0 + 2), (x + line * 6 - 7, y1 - 2)], 0.6, shaded(colour, 0.88)
                    )
            x += width
        canvas.line([(0, y1), (canvas.width, y1)], 2.2, shaded(light.grass, 0.72))


def river(canvas: Canvas, top: float, bottom: float, light: Light, random: Random) -> None:
    water = blended(light.sky, (70, 120, 130), 0.45)
    canvas.gradient(top, bottom, blended(water, light.horizon, 0.4), shaded(water, 0.85))
    for _ in range(90):
        x, y = random.uniform(0, canvas.width), random.uniform(top + 3, bottom - 3)
        length = random.uniform(6, 26)
        canvas.line(
            [(x, y), (x + length, y)], 0.8, blended(water, (255, 255, 255), random.uniform(0.1, 0.45))
        )
    for edge, depth in ((top, 3), (bottom, 6)):
        canvas.rectangle(0, edge - depth / 2, canvas.width, edge + depth / 2, (164, 154, 134))


def stone_bridge(canvas: Canvas, left: float, right: float, deck: float, water: float) -> None:
    """Three arches between two banks."""
    stone: Colour = (188, 180, 166)
    canvas.rectangle(left, deck, right, water, stone)
    span = (right - left) / 3
    for arch in range(3):
        x = left + span * (arch + 0.5)
        arc = [step * math.pi / 16 for step in range(17)]
        opening = [(x + span * 0.38 * math.cos(a), water - (water - deck) * 0.72 * math.sin(a)) for a in arc]
        canvas.polygon(opening, (84, 108, 118))
    canvas.rectangle(left - 6, deck - 3, right + 6, deck + 3, shaded(stone, 1.08))
    for post in range(19):
        x = left + (right - left) * post / 18
        canvas.rectangle(x - 1.4, deck - 12, x + 1.4, deck - 2, shaded(stone, 0.92))
    canvas.rectangle(left, deck - 12, right, deck - 10, shaded(stone, 1.04))


def tree(canvas: Canvas, x: float, base: float, size: float, light: Light, random: Random) -> None:
    """A broad-leaved tree `size` high."""
    trunk: Colour = (96, 76, 58)
    canvas.ellipse(x + size * 0.1, base, size * 0.3, size * 0.04, shaded(light.grass, 0.66))
    canvas.polygon(
        [
            (x - size * 0.04, base),
            (x + size * 0.04, base),
            (x + size * 0.025, base - size * 0.5),
            (x - size * 0.025, base - size * 0.5),
        ],
        trunk,
    )
    for tone, shift in ((0.8, 0.05), (1.0, 0.0), (1.2, -0.06)):
        for _ in range(7):
            spread = size * (0.24 if tone < 1.1 else 0.17)
            dx, dy = random.uniform(-1, 1) * spread, random.uniform(-1, 1) * spread * 0.9
            _crown(
                canvas, x + dx + shift * size, base - size * 0.66 + dy + shift * size,
                size * 0.13, shaded(light.leaves, tone), random,
            )  # fmt: skip


def poplar(canvas: Canvas, x: float, base: float, size: float, light: Light) -> None:
    canvas.line([(x, base), (x, base - size * 0.4)], size * 0.04, (104, 86, 68))
    canvas.ellipse(x, base - size * 0.58, size * 0.13, size * 0.42, shaded(light.leaves, 0.88))
    canvas.ellipse(x - size * 0.03, base - size * 0.6, size * 0.08, size * 0.36, shaded(light.leaves, 1.06))


def lamp(canvas: Canvas, x: float, base: float, height: float) -> None:
    """A solar street lamp."""
    canvas.line([(x, base), (x, base - height)], 2.4, (150, 154, 158))
    canvas.line([(x, base - height * 0.92), (x + 16, base - height * 0.97)], 1.6, (150, 154, 158))
    canvas.rounded(x + 13, base - height * 0.98, x + 25, base - height * 0.95, 1, (238, 238, 228))
    canvas.polygon(
        [
            (x - 11, base - height + 3),
            (x + 9, base - height - 5),
            (x + 11, base - height - 2),
            (x - 9, base - height + 6),
        ],
        (42, 58, 96),
    )


def _crown(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, random: Random) -> None:
    canvas.ellipse(x, y, radius * random.uniform(0.9, 1.2), radius * random.uniform(0.8, 1.0), colour)
