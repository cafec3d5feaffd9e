import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.scene.footer import band_top
from simulator.scene.timecode import draw_minute, draw_second, read_instant, read_timecode

MINUTE = 29_400_000


def drawn(height: int, minute: int, second: float) -> NDArray[np.uint8]:
    picture = np.full((height, height * 16 // 9), 120, np.uint8)
    draw_second(picture, second)
    draw_minute(picture[band_top(height) :], minute, height)
    return picture


@pytest.mark.parametrize("height", [90, 180, 360, 1080])
def test_every_tenth_of_the_minute_reads_back_through_noise(height: int) -> None:
    random = np.random.default_rng(1)
    for tenth in range(0, 600, 7):
        picture = drawn(height, MINUTE + tenth, tenth / 10)
        noisy = np.clip(picture + random.normal(0, 15, picture.shape), 0, 255).astype(np.uint8)
        assert read_timecode(noisy) == pytest.approx(tenth / 10)
        assert read_instant(noisy) == pytest.approx((MINUTE + tenth) * 60 + tenth / 10, abs=0.001)


def test_minutes_of_two_centuries_read_back() -> None:
    for minute in range(0, 1 << 27, 1_234_567):
        assert read_instant(drawn(360, minute, 0.0)) == minute * 60


def test_a_picture_without_timecode_reads_as_none() -> None:
    for picture in (np.full((360, 640), 120, np.uint8), np.zeros((360, 640), np.uint8)):
        assert read_timecode(picture) is None
        assert read_instant(picture) is None


def test_a_second_without_its_minute_is_no_instant() -> None:
    picture = drawn(360, MINUTE, 12.0)
    picture[band_top(360) :] = 30
    assert read_timecode(picture) == 12.0
    assert read_instant(picture) is None
