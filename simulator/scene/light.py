"""The colours of an hour and its weather."""

from dataclasses import dataclass
from random import Random

from simulator.scene.canvas import Colour


@dataclass(frozen=True, slots=True)
class Light:
    sky: Colour
    horizon: Colour
    far_hills: Colour
    near_hills: Colour
    grass: Colour
    leaves: Colour
    wall: Colour
    road: Colour
    sun: tuple[float, float] | None
    """Where the sun stands, in design units, if it is in the picture."""


_LIGHTS = (
    Light(
        (92, 156, 214), (206, 228, 238), (134, 164, 178), (96, 140, 118), (128, 164, 92), (70, 122, 62),
        (240, 238, 230), (124, 126, 128), None,
    ),
    Light(
        (122, 170, 216), (248, 232, 204), (158, 166, 178), (112, 140, 112), (146, 162, 88), (86, 124, 58),
        (248, 238, 218), (136, 130, 124), (520, 60),
    ),
    Light(
        (104, 126, 176), (250, 196, 142), (148, 126, 140), (104, 108, 98), (134, 132, 76), (84, 98, 54),
        (246, 218, 186), (122, 112, 108), (140, 88),
    ),
    Light(
        (168, 182, 192), (218, 222, 220), (160, 172, 176), (122, 144, 130), (120, 148, 96), (78, 114, 74),
        (226, 226, 220), (112, 116, 120), None,
    ),
)  # fmt: skip


def light_of(random: Random) -> Light:
    """Clear noon, early morning, evening or an overcast day."""
    return random.choice(_LIGHTS)
