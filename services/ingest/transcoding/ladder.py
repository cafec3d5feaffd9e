"""The rungs a camera may be watched in, and how large their pictures are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from services.ingest.sources.source import VideoCodec
from snowlight.errors import FailedPreconditionError, NotFoundError
from snowlight.media.fragment import InitSection
from snowlight.media.rendition import H264, LADDER

MOST_PIXELS = 4096 * 3072
"""Of a source's picture: what cameras send. Of larger ones a decoder would hold more memory than it may."""
_HEIGHTS = dict(zip(LADDER, (1080, 720, 360), strict=True))
_BITS_PER_SECOND = {"1080p": 3_000_000, "720p": 1_500_000, "360p": 500_000}
_BITS_PER_PIXEL_AND_SECOND = 1.45  # those of 1080p
_LEAST_BITS, _MOST_BITS = 300_000, 10_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera's pictures are."""

    width: int
    height: int
    codec: VideoCodec
    frames_per_second: float = 25.0

    @classmethod
    def of(cls, init: InitSection, frames_per_second: float = 25.0) -> Self:
        """Those of a mux session."""
        codec: VideoCodec = "h264" if init.codecs.startswith("avc1") else "h265"
        return cls(init.width, init.height, codec, frames_per_second)

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Rung:
    """One size in which footage can be had."""

    name: str
    height: int
    """Luma rows; a source with fewer keeps its own."""
    bits_per_second: int

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height, both even, of a picture of `width` and `height`: never larger, the same shape."""
        rows = min(self.height, height)
        return max(
            2, round(width * rows / height / 2) * 2 if rows < height else width // 2 * 2
        ), rows // 2 * 2


def ladder(source: Picture) -> tuple[Rung, ...]:
    """The rungs for `source`, largest first: its own size, and what is smaller."""
    bits = round(source.pixels * _BITS_PER_PIXEL_AND_SECOND)
    own = Rung(H264, source.height, min(max(bits, _LEAST_BITS), _MOST_BITS))
    smaller = (
        Rung(name, height, _BITS_PER_SECOND[name])
        for name, height in _HEIGHTS.items()
        if height < source.height
    )
    return (own, *smaller)


def find_rung(source: Picture, name: str) -> Rung:
    """The rung of that name. Raises NotFoundError("transcode.no_rung") where `source` has none."""
    for rung in ladder(source):
        if rung.name == name:
            return rung
    names = ", ".join(rung.name for rung in ladder(source))
    raise NotFoundError("transcode.no_rung", f"these pictures can be had as {names}", field="rendition")


def check_size(width: int, height: int) -> None:
    """Raises FailedPreconditionError("transcode.too_large") for pictures that are not decoded."""
    if width * height > MOST_PIXELS:
        raise FailedPreconditionError(
            "transcode.too_large",
            f"pictures of {width} x {height}; up to {MOST_PIXELS} pixels are transcoded",
        )
