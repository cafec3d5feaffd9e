"""Key frames as tiles: proportions kept, black beside them, sheets laid out row by row."""

import io
from array import array
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from PIL import Image

from services.gateway.snapshot.tile import BLANK, HEIGHT, WIDTH, Tile, decode_tile, fit, join_tiles
from snowlight.errors import DataLossError


def footage(width: int, height: int, pixel_shape: Fraction = Fraction(1), *, codec: str = "libx264") -> bytes:
    """White pictures of a size, the first of which is a key frame."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream(codec, rate=25, options={"preset": "ultrafast", "bf": "2"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.sample_aspect_ratio = pixel_shape
        for _ in range(10):
            picture = np.full((height, width, 3), 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def lit(tile: Tile) -> tuple[int, int, int, int]:
    """Left, top, width, height of what is not black."""
    luma = np.frombuffer(tile.planes[0], np.uint8).reshape(HEIGHT, WIDTH) > 128
    rows, columns = np.flatnonzero(luma.any(1)), np.flatnonzero(luma.any(0))
    assert luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    return int(columns[0]), int(rows[0]), len(columns), len(rows)


@pytest.mark.parametrize(
    ("width", "height", "pixel_shape", "expected"),
    [
        (1280, 720, Fraction(1), (0, 0, 160, 90)),
        (640, 480, Fraction(1), (20, 0, 120, 90)),
        (704, 576, Fraction(12, 11), (20, 0, 120, 90)),
        (360, 640, Fraction(1), (54, 0, 50, 90)),
        (640, 268, Fraction(1), (0, 10, 160, 68)),
        (80, 46, Fraction(1), (2, 0, 156, 90)),
    ],
)
def test_a_picture_keeps_its_proportions_in_the_middle_of_its_tile(
    width: int, height: int, pixel_shape: Fraction, expected: tuple[int, int, int, int]
) -> None:
    assert lit(decode_tile(b"", footage(width, height, pixel_shape))) == expected


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (2, 2), (8192, 4320)])
def test_any_size_fits(size: tuple[int, int]) -> None:
    width, height = fit(*size)
    assert 2 <= width <= WIDTH
    assert 2 <= height <= HEIGHT
    assert width % 2 == height % 2 == 0


def test_h265_is_shown_too_and_so_is_a_fragment_that_was_cut_after_its_first_picture() -> None:
    assert lit(decode_tile(b"", footage(640, 360, codec="libx265"))) == (0, 0, WIDTH, HEIGHT)
    whole = footage(640, 360)
    assert lit(decode_tile(b"", whole[: whole.index(b"mdat") + 2_000])) == (0, 0, WIDTH, HEIGHT)


def test_what_is_no_footage_is_told() -> None:
    good = footage(64, 36)
    for bad in (b"", b"no footage", good[: good.index(b"mdat")], bytes(array("I", range(1000)))):
        with pytest.raises(DataLossError, match="undecodable"):
            decode_tile(b"", bad)


def test_a_sheet_is_laid_out_row_by_row() -> None:
    tiles = [
        Tile((bytes([number * 20]) * (WIDTH * HEIGHT), BLANK.planes[1], BLANK.planes[2]))
        for number in range(12)
    ]
    sheet = Image.open(io.BytesIO(join_tiles(tiles, 4)))
    assert (sheet.format, sheet.size) == ("JPEG", (4 * WIDTH, 3 * HEIGHT))
    grey = sheet.convert("L")
    for number in range(12):
        for x, y in ((2, 2), (WIDTH - 3, HEIGHT - 3)):
            shown = grey.getpixel((number % 4 * WIDTH + x, number // 4 * HEIGHT + y))
            assert isinstance(shown, int)
            assert abs(shown - number * 20) <= 4, number
