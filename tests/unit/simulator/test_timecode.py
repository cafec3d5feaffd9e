import numpy as np
import pytest

from simulator.scene.timecode import draw_timecode, read_timecode


@pytest.mark.parametrize("height", [180, 360, 1080])
def test_every_tenth_of_the_minute_reads_back_through_noise(height: int) -> None:
    random = np.random.default_rng(1)
    for tenth in range(0, 600, 7):
        picture = np.full((height, height * 16 // 9), 120, np.uint8)
        draw_timecode(picture, tenth / 10)
        noisy = np.clip(picture + random.normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
        assert read_timecode(noisy) == pytest.approx(tenth / 10)


def test_a_picture_without_timecode_reads_as_none() -> None:
    assert read_timecode(np.full((360, 640), 120, np.uint8)) is None
    assert read_timecode(np.zeros((360, 640), np.uint8)) is None
