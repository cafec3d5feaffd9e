"""Pictures of the console, compared by what an eye would see."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

CELL = 8
"""px; pictures are compared by the mean colours of such squares."""
_DIFFERENT = 10
"""Of 255 in one channel."""
_SPARE_CELLS = 3
"""So few may differ: a glyph is not drawn alike by every version of a browser."""
_STEP = 8
MOST_BYTES = 60_000

Pixels = npt.NDArray[np.float32]


def pixels_of(picture: bytes) -> Pixels:
    """Height x width x RGB."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=np.float32)


def different_cells(expected: Pixels, actual: Pixels) -> npt.NDArray[np.bool_]:
    """Which squares differ, also when either is moved by a pixel. All, when the sizes do."""
    if expected.shape != actual.shape:
        return np.ones((1, 1 + _SPARE_CELLS), dtype=np.bool_)
    moved = np.stack(
        [_cells(np.roll(actual, (down, right), axis=(0, 1))) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    )
    wanted = _cells(expected)
    outside = np.maximum(moved.min(axis=0) - wanted, wanted - moved.max(axis=0))
    return np.asarray((outside > _DIFFERENT).any(axis=-1))


def is_alike(cells: npt.NDArray[np.bool_]) -> bool:
    """Whether so few squares differ that nobody would see it."""
    return int(cells.sum()) <= _SPARE_CELLS


def write_difference(folder: Path, name: str, expected: bytes, actual: bytes) -> Path:
    """Put both pictures and a third, dark where they are alike, into a folder. Returns the third."""
    (folder / f"{name}.expected.webp").write_bytes(expected)
    (folder / f"{name}.actual.png").write_bytes(actual)
    shown = pixels_of(actual)
    cells = different_cells(pixels_of(expected), shown)
    mask = np.kron(cells, np.ones((CELL, CELL)))[: shown.shape[0], : shown.shape[1], None] > 0
    if mask.shape[:2] == shown.shape[:2]:
        shown = np.where(mask, np.maximum(shown, (160, 0, 0)), shown / 5)
    path = folder / f"{name}.difference.png"
    Image.fromarray(shown.astype(np.uint8)).save(path)
    return path


def reduced(picture: bytes) -> bytes:
    """The same in fewer colours: each channel is rounded by less than half of what makes squares differ."""
    rounded = np.minimum(np.rint(pixels_of(picture) / _STEP) * _STEP, 255).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(rounded).save(target, "WEBP", lossless=True, method=6)
    return target.getvalue()


def _cells(pixels: Pixels) -> Pixels:
    height, width = (size // CELL for size in pixels.shape[:2])
    squares = pixels[: height * CELL, : width * CELL].reshape(height, CELL, width, CELL, 3)
    means: Pixels = squares.mean(axis=(1, 3), dtype=np.float32)
    return means
