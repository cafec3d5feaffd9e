"""Small pictures of key frames, alone and side by side. libav is loaded by the first one, in its thread."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.gateway.snapshot.jpeg import encode_jpeg
from snowlight.errors import DataLossError
from snowlight.media.appearance import pixel_shape

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

WIDTH, HEIGHT = 160, 90
COLUMNS = 10
"""Of a sheet."""

_QUANTISER = 5
_UNPROBED = {"probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}
"""All is in the init section. libav would decode pictures to find out: three quarters of the time."""
_BLACK, _GREY, _COLOURLESS = b"\x00", b"\x30", b"\x80"


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of WIDTH x HEIGHT in full-range YUV 4:2:0, row by row."""

    planes: tuple[bytes, bytes, bytes]


BLANK = Tile(
    (
        _GREY * (WIDTH * HEIGHT),
        _COLOURLESS * (WIDTH // 2 * HEIGHT // 2),
        _COLOURLESS * (WIDTH // 2 * HEIGHT // 2),
    )
)
"""Stands where nothing was recorded, or nothing may be seen."""


def decode_tile(init: bytes, fragment: bytes) -> Tile:
    """The key frame with which `fragment` begins, fitted into a tile.

    Blocks. Raises DataLossError when it cannot be decoded.
    """
    import av
    from av.video.reformatter import Interpolation

    try:
        frame, shape = _key_frame(init + fragment)
        width, height = fit(frame.width * shape, frame.height)
        return _laid_in(
            frame.reformat(width=width, height=height, format="yuvj420p", interpolation=Interpolation.AREA)
        )
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise DataLossError("snapshot.undecodable", "this footage cannot be decoded") from error


def join_tiles(tiles: Sequence[Tile], columns: int) -> bytes:
    """The JPEG of tiles laid out row by row. The last row is full. Blocks."""
    from av.video.frame import VideoFrame

    sheet = VideoFrame(columns * WIDTH, len(tiles) // columns * HEIGHT, "yuvj420p")
    for number, plane in enumerate(sheet.planes):
        half = 1 if number == 0 else 2
        width, height = WIDTH // half, HEIGHT // half
        padding = bytes(plane.line_size - columns * width)
        lines = (
            b"".join(tile.planes[number][y * width : (y + 1) * width] for tile in tiles[at : at + columns])
            + padding
            for at in range(0, len(tiles), columns)
            for y in range(height)
        )
        plane.update(b"".join(lines).ljust(plane.buffer_size, b"\x00"))
    return encode_jpeg(sheet, _QUANTISER)


def fit(width: float, height: float) -> tuple[int, int]:
    """The largest size in these proportions that a tile holds, pixels, even for the sake of 4:2:0."""
    scale = min(WIDTH / width, HEIGHT / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _key_frame(data: bytes) -> tuple[VideoFrame, float]:
    """The first picture, and how much wider than high its pixels are."""
    import av
    from av.video.codeccontext import VideoCodecContext

    with av.open(io.BytesIO(data), "r", options=_UNPROBED) as container:
        stream = container.streams.video[0]
        decoder = stream.codec_context
        assert isinstance(decoder, VideoCodecContext)
        decoder.thread_count = 1
        decoder.options = {"skip_loop_filter": "all"}  # nobody sees it at this size
        for packet in container.demux(stream):
            for frame in decoder.decode(packet) or decoder.decode(None):
                return frame, float(pixel_shape(decoder))
            break
    raise ValueError("there is no picture in this footage")


def _laid_in(frame: VideoFrame) -> Tile:
    """In the middle of a tile that is black around it."""
    left, top = (WIDTH - frame.width) // 4 * 2, (HEIGHT - frame.height) // 4 * 2
    planes: list[bytes] = []
    for number, plane in enumerate(frame.planes):
        half, border = (1, _BLACK) if number == 0 else (2, _COLOURLESS)
        data, across = bytes(plane), frame.width // half
        inside = b"".join(
            border * (left // half)
            + data[y * plane.line_size : y * plane.line_size + across]
            + border * ((WIDTH - left) // half - across)
            for y in range(frame.height // half)
        )
        above = border * (top // half * (WIDTH // half))
        planes.append((above + inside).ljust(WIDTH // half * (HEIGHT // half), border))
    return Tile((planes[0], planes[1], planes[2]))
