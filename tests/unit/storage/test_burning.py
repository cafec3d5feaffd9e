"""The time of day and who exported, drawn into every picture."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from services.storage.exports.rendering.burning import Painter, draw
from services.storage.exports.rendering.encoding import Encoding
from tests.unit.storage.filmed import FRAME_MS, GROUP, HEIGHT, START_MS, WIDTH, film, job, looks, made, see

MARK = "principals/01hq 0195-ab"
WRONG_DOTS = 2
BEIJING = timezone(timedelta(hours=8))


def legible(luma: NDArray[np.uint8], second_ms: int) -> bool:
    """Whether the picture bears the time and the mark, as far as an encoder leaves them."""
    moment = datetime.fromtimestamp(second_ms / 1000, BEIJING)
    letters = draw([f"{moment:%Y-%m-%d %H:%M:%S} +0800", MARK], WIDTH, HEIGHT)
    rows, columns = letters.shape
    return bool(((luma[HEIGHT - rows : HEIGHT, :columns] > 128) != letters).sum() <= WRONG_DOTS)


def test_every_picture_bears_its_second_and_the_mark(tmp_path: Path) -> None:
    painter = Painter(MARK, "Asia/Shanghai")
    objects = [(0, film(3)), (60_000, film(2, codec="libx265"))]
    (file,) = made(Encoding(job(tmp_path, 1_500, 70_000, mark=MARK), "all", painter), *objects)
    seen = see(tmp_path / file.path)
    assert seen.numbers == [*range(GROUP, 60), *range(15), *range(50)]
    assert (file.duration_ms, file.codecs[:4]) == (4_000, "avc1")
    assert [(span.start_ms, span.end_ms) for span in file.reencoded] == [
        (START_MS + 1_000, START_MS + 3_000),
        (START_MS + 60_000, START_MS + 62_000),
    ]
    walls = [*range(1_000, 3_000, FRAME_MS), *range(60_000, 62_000, FRAME_MS)]
    with av.open(tmp_path / file.path, "r") as container:
        for frame, wall_ms in zip(container.decode(video=0), walls, strict=True):
            assert legible(frame.to_ndarray().astype(np.uint8), START_MS + wall_ms)
            assert not legible(frame.to_ndarray().astype(np.uint8), START_MS + wall_ms + 1_000)


def test_pixels_keep_their_shape_and_shadows_their_depth(tmp_path: Path) -> None:
    stream = film(2, pixel_shape=Fraction(2), full_range=True)
    (file,) = made(Encoding(job(tmp_path, 0, 2_000), "all", Painter(MARK, "Asia/Shanghai")), (0, stream))
    assert set(looks(tmp_path / file.path)) == {(Fraction(2), False)}
    with av.open(tmp_path / file.path, "r") as container:
        first = next(container.decode(video=0)).to_ndarray()[: HEIGHT // 2]
    assert first.mean() == pytest.approx(16 + 30 * 219 / 255, abs=1)  # its grey is 30 of 255


def test_exact_and_marked_it_begins_and_ends_where_it_was_asked_to(tmp_path: Path) -> None:
    wish = job(tmp_path, 1_510, 2_790, exact=True, mark=MARK)
    (file,) = made(Encoding(wish, "all", Painter(MARK, "Asia/Shanghai")), (0, film(4, sound=True)))
    seen = see(tmp_path / file.path)
    assert seen.numbers == [number % 60 for number in range(37, 70)]
    assert (file.duration_ms, seen.duration_ms) == (1_280, 1_280)
    assert 900 < seen.sound_ms < 1_500


def test_a_long_mark_is_broken_and_a_picture_of_any_size_is_drawn_into() -> None:
    for width, height in ((64, 36), (160, 96), (1920, 1080), (3840, 2160)):
        ink = draw(["2026-11-26 08:30:00 +0800", "principals/" + "x" * 60], width, height)
        assert ink.shape[0] <= height
        assert ink.shape[1] <= width
        assert ink.shape[0] % 2 == ink.shape[1] % 2 == 0
        assert ink.any()
