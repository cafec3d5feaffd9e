"""The moving picture of one camera."""

from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from simulator.loop.parameters import LoopParameters
from simulator.scene import buildings, landscape, movers
from simulator.scene.canvas import DESIGN_HEIGHT, Canvas, Colour
from simulator.scene.fonts import Fonts
from simulator.scene.landscape import HORIZON
from simulator.scene.light import light_of
from simulator.scene.movers import Mover, across, standing, to_and_fro
from simulator.scene.osd import OnScreenDisplay
from simulator.scene.scenery import Scenery

_CLOTHES: tuple[Colour, ...] = (
    (196, 70, 66), (64, 104, 160), (224, 176, 74), (92, 140, 96), (150, 96, 150), (226, 226, 220),
)  # fmt: skip
_PAINTS: tuple[Colour, ...] = (
    (226, 228, 230), (190, 46, 44), (52, 88, 140), (44, 48, 54), (168, 172, 176), (210, 178, 96),
)  # fmt: skip
_ROAD_TOP, _ROAD_BOTTOM = 232.0, 306.0
_HOUSES = 218.0


class Scene:
    """A place of the asked kind; the seed decides its light, houses, trees and traffic."""

    def __init__(self, parameters: LoopParameters, fonts: Fonts) -> None:
        self._scale = parameters.height / DESIGN_HEIGHT
        self._width = parameters.width / self._scale
        self._random = Random(f"{parameters.scenery}{parameters.seed}")
        self._light = light_of(self._random)
        self._fonts = fonts
        self._place_name = fonts.either(parameters.title, parameters.latin_title).split()[0]
        self._movers: list[Mover] = []
        self._osd = OnScreenDisplay(parameters.title, parameters.latin_title, parameters.height, fonts)
        size = parameters.width, parameters.height
        self._ground = self._paint(parameters.scenery).resize(size).convert("RGB")
        self._populate(parameters.scenery)
        self._movers.sort(key=lambda mover: mover.base)

    def picture(self, second: float) -> NDArray[np.uint8]:
        """RGB picture at `second` of the minute, shape (height, width, 3); it repeats every 60 s."""
        image = self._ground.copy()
        for mover in self._movers:
            x, y = mover.place(second)
            frame = mover.frame(second)
            image.paste(frame, (round(x * self._scale), round(y * self._scale)), frame)
        return self._osd.over(image, second)

    def _paint(self, scenery: Scenery) -> Image.Image:
        """All that stands still."""
        canvas = Canvas(self._width, DESIGN_HEIGHT, self._scale)
        light, random, width = self._light, self._random, self._width
        landscape.sky_and_hills(canvas, light, random)
        match scenery:
            case Scenery.FIELDS:
                landscape.paddies(canvas, HORIZON + 10, _ROAD_TOP - 14, light, random)
            case Scenery.RIVER:
                self._row_of_houses(canvas, 184, 46)
                landscape.river(canvas, 188, _ROAD_TOP - 12, light, random)
                landscape.stone_bridge(canvas, width * 0.3, width * 0.62, 188, 216)
            case Scenery.SQUARE:
                self._row_of_houses(canvas, 196, 62)
                landscape.paving(canvas, 200, light)
                self._public(canvas, "文化广场", "Square", (176, 62, 48), 1)
            case Scenery.CLINIC:
                self._row_of_houses(canvas, _HOUSES, 88)
                self._public(canvas, "卫生室", "Clinic", (52, 132, 104), 1)
                buildings.red_cross(canvas, width / 2 + 66, _HOUSES - 52)
            case Scenery.COMMITTEE:
                self._row_of_houses(canvas, _HOUSES, 84)
                self._public(canvas, "村民委员会", "Village committee", (178, 54, 48), 2)
            case Scenery.SCHOOL:
                self._public(canvas, "小学", "Primary school", (58, 108, 164), 3)
            case Scenery.GATE:
                self._row_of_houses(canvas, 204, 70)
                landscape.lane_into_village(canvas, width / 2, HORIZON + 8, _ROAD_TOP - 12, light)
            case Scenery.ROAD:
                self._row_of_houses(canvas, _HOUSES, 104)
        if scenery is not Scenery.SQUARE:
            landscape.road(canvas, _ROAD_TOP, _ROAD_BOTTOM, light)
        if scenery is Scenery.GATE:
            buildings.gate(canvas, width / 2, _ROAD_TOP - 2, self._place_name, self._fonts)
        for x in (0.07, 0.36, 0.66, 0.93):
            landscape.lamp(canvas, width * x, _ROAD_TOP - 4, 84)
        return canvas.finished()

    def _row_of_houses(self, canvas: Canvas, base: float, width: float) -> None:
        x = self._random.uniform(-40, 0)
        while x < self._width:
            size = width * self._random.uniform(0.8, 1.2)
            if self._random.random() < 0.3:
                landscape.poplar(canvas, x + 8, base, width * 0.9, self._light)
                x += 16
            buildings.house(canvas, x, base, size, self._light, self._random)
            x += size + self._random.uniform(4, 26)

    def _public(self, canvas: Canvas, sign: str, latin: str, colour: Colour, storeys: int) -> None:
        length = 190.0 if storeys < 3 else 330.0
        text = self._fonts.either(sign, latin)
        left = (self._width - length) / 2
        base = 200 if sign == "文化广场" else _HOUSES
        buildings.public_building(canvas, left, base, length, storeys, text, colour, self._light, self._fonts)

    def _populate(self, scenery: Scenery) -> None:
        """All that moves, and the trees it passes behind."""
        self._sky_life()
        match scenery:
            case Scenery.SQUARE:
                self._dancers(14)
                self._walkers(3, 226, 44)
            case Scenery.COMMITTEE | Scenery.SCHOOL:
                self._flag(self._width / 2 - 120, 120)
                self._walkers(5 if scenery is Scenery.SCHOOL else 2, _ROAD_TOP - 2, 34)
                self._traffic(3)
            case Scenery.RIVER:
                self._boats()
                self._walkers(2, _ROAD_TOP - 2, 36)
                self._traffic(2)
            case Scenery.FIELDS:
                self._walkers(1, _ROAD_TOP - 2, 36)
                self._traffic(2)
            case _:
                self._walkers(3, _ROAD_TOP - 2, 36)
                self._traffic(4)
        if scenery is not Scenery.SQUARE:
            self._foreground()

    def _sky_life(self) -> None:
        for _ in range(3):
            length = self._random.uniform(90, 150)
            frames = movers.cloud(length, self._scale, self._random)
            top, phase = self._random.uniform(4, 62), self._random.random()
            self._movers.append(Mover(frames, 1, across(self._width, length, top, 60, phase, False), 0))
        for _ in range(2):
            size, top, phase = (
                self._random.uniform(13, 20),
                self._random.uniform(56, 118),
                self._random.random(),
            )
            frames = movers.bird(size, self._scale, True)
            self._movers.append(Mover(frames, 6, across(self._width, size, top, 20, phase, True), 1))

    def _traffic(self, count: int) -> None:
        """Vehicles on two lanes, the nearer one bigger; those of one lane all keep the same speed."""
        kinds = (movers.car, movers.car, movers.tricycle, movers.lorry)
        for number in range(count):
            near = number % 2 == 0
            kind = kinds[self._random.randrange(len(kinds))]
            length = {movers.car: 84, movers.lorry: 118, movers.tricycle: 58}[kind] * (1.2 if near else 0.92)
            frames = kind(self._random.choice(_PAINTS), length, self._scale, not near)
            base = _ROAD_BOTTOM - 6 if near else _ROAD_TOP + 32
            top = base - frames[0].height / self._scale
            phase = number / count + self._random.uniform(0, 0.1)
            way = across(self._width * 1.3, length, top, 12 if near else 15, phase, not near)
            self._movers.append(Mover(frames, 1, way, base))

    def _walkers(self, count: int, base: float, height: float) -> None:
        for number in range(count):
            leftward = self._random.random() < 0.5
            tall = height * self._random.uniform(0.8, 1.05)
            frames = movers.walker(self._random.choice(_CLOTHES), tall, self._scale, leftward)
            phase = number / count + self._random.uniform(0, 0.15)
            level = base + self._random.uniform(-6, 0)
            way = across(self._width, tall * 0.6, level - tall, 30, phase, leftward)
            self._movers.append(Mover(frames, 8, way, level))

    def _dancers(self, count: int) -> None:
        """Rows of square dancers, all in step, swaying together."""
        for number in range(count):
            row, column = divmod(number, 5)
            base, tall = 254 + row * 32 + 6 * (column % 2), 50 + row * 9
            x = self._width / 2 + (column - 2) * (70 + row * 14) + 20 * (row % 2)
            frames = movers.dancer(self._random.choice(_CLOTHES), tall, self._scale)
            way = to_and_fro(x - 14, x + 14, base - tall, 4, 0.0)
            self._movers.append(Mover(frames, 15, way, base))

    def _flag(self, x: float, top: float) -> None:
        pole = Canvas(4, _HOUSES - top + 12, self._scale)
        pole.rectangle(1, 0, 2.6, pole.height, (214, 216, 218))
        self._movers.append(Mover((pole.finished(),), 1, standing(x, top), _HOUSES))
        self._movers.append(Mover(movers.flag(self._scale), 15, standing(x - 1, top - 2), _HOUSES))

    def _boats(self) -> None:
        for period, top, leftward in ((60, 196, True), (30, 204, False)):
            frames = movers.boat(56, self._scale, leftward)
            way = across(self._width, 56, top - 16, period, self._random.random(), leftward)
            self._movers.append(Mover(frames, 1, way, top))

    def _foreground(self) -> None:
        for x, size in ((-30, 190), (self._width - 110, 165)):
            if self._random.random() < 0.75:
                canvas = Canvas(size * 0.9, size * 1.05, self._scale)
                landscape.tree(canvas, size * 0.45, size, size, self._light, self._random)
                place = standing(x, DESIGN_HEIGHT - 32 - size)
                self._movers.append(Mover((canvas.finished(),), 1, place, DESIGN_HEIGHT))
