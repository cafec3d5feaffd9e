import numpy as np
import pytest

from simulator.loop.parameters import LoopParameters
from simulator.scene.fonts import Fonts
from simulator.scene.scene import Scene
from simulator.scene.scenery import Scenery
from simulator.scene.timecode import read_timecode


def parameters(scenery: Scenery, width: int = 320, height: int = 180) -> LoopParameters:
    return LoopParameters("柳林村 村口", "Liulin gate", scenery=scenery, width=width, height=height)


@pytest.mark.parametrize("scenery", Scenery)
def test_a_scene_moves_and_says_its_second(scenery: Scenery) -> None:
    scene = Scene(parameters(scenery), Fonts())
    one, other = scene.picture(12.0), scene.picture(13.0)
    assert one.shape == (180, 320, 3) and one.dtype == np.uint8
    middle = slice(45, 150)
    assert np.count_nonzero(one[middle] != other[middle]) > 200
    assert read_timecode(one[..., 1]) == 12.0
    assert read_timecode(other[..., 1]) == 13.0


@pytest.mark.parametrize("scenery", Scenery)
def test_the_minute_has_no_seam(scenery: Scenery) -> None:
    """The last picture differs from the first by no more than any picture from the next."""
    scene = Scene(parameters(scenery), Fonts())
    middle = slice(45, 150)

    def step(one: float, other: float) -> float:
        difference = scene.picture(one)[middle].astype(int) - scene.picture(other)[middle]
        return float(np.abs(difference).mean())

    usual = max(step(second, second + 1 / 15) for second in range(0, 59, 3))
    assert step(60 - 1 / 15, 0.0) <= usual * 1.5


def test_without_a_chinese_font_the_name_is_written_in_latin_letters() -> None:
    assert not Fonts(()).chinese
    latin = Scene(parameters(Scenery.GATE), Fonts(())).picture(0.0)
    assert latin.shape == (180, 320, 3)
    assert Fonts(()).either("村口", "gate") == "gate"


def test_the_same_seed_is_the_same_scene_and_another_is_another() -> None:
    first = Scene(parameters(Scenery.ROAD), Fonts()).picture(5.0)
    again = Scene(parameters(Scenery.ROAD), Fonts()).picture(5.0)
    assert np.array_equal(first, again)
    other = LoopParameters("柳林村 村口", "Liulin gate", scenery=Scenery.ROAD, seed=7, width=320, height=180)
    assert not np.array_equal(first, Scene(other, Fonts()).picture(5.0))
