"""Ten minutes of footage, and what a scrub sheet of it shows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from snowlight.instants import format_instant
from tests.rpc.gateway.footage import FRAMES_PER_SECOND, GOP_FRAMES, Session, session
from tests.rpc.gateway.ingest import SpoolFile
from tests.rpc.gateway.site import Site

SHEET_MS, TILE_MS = 600_000, 10_000
BLANK = 0x30
"""The luma of a tile that shows nothing."""
NEAR = 4
"""How far the luma of a tile may lie from its picture's."""


@dataclass(frozen=True)
class Reel:
    """Footage whose pictures tell by their brightness when they were taken."""

    start_ms: int
    sessions: tuple[Session, ...]

    def luma(self, instant_ms: int) -> int | None:
        """Of the key frame at or before the instant; None where nothing was recorded."""
        for each in self.sessions:
            first_ms, end_ms = each.fragments[0].start_ms, each.fragments[-1].end_ms
            if first_ms <= instant_ms < end_ms:
                number = (instant_ms - first_ms) * FRAMES_PER_SECOND // 1000
                return number // GOP_FRAMES * GOP_FRAMES % 250
        return None

    def middle(self, tile: int) -> int | None:
        """The luma of what the tile's middle showed."""
        return self.luma(self.start_ms + tile * TILE_MS + TILE_MS // 2)


async def record(site: Site, uid: str, start_ms: int, *, commit: bool = True) -> tuple[Reel, list[SpoolFile]]:
    """Five recordings of 57 s, 63 s apart, then nothing. They are stored, or in the spool."""
    reel = Reel(start_ms, tuple(session(start_ms + each * 63_000, 57) for each in range(5)))
    files = [site.spool(uid, each.init, each.fragments) for each in reel.sessions]
    if commit:
        for file in files:
            await site.commit(uid, file)
    return reel, files


def past_sheet(site: Site) -> int:
    """The start of ten minutes that are over for half an hour."""
    return (site.clock.now_ms() // SHEET_MS - 4) * SHEET_MS


async def ticket_for(site: Site, camera: str, start_ms: int, end_ms: int) -> str:
    """For playback."""
    window = {"start": format_instant(start_ms), "end": format_instant(end_ms)}
    return await site.ticket(camera, action="playback", **window)


def lumas(jpeg: bytes) -> list[int]:
    """Of each tile of a sheet, row by row."""
    with av.open(io.BytesIO(jpeg), "r") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (1600, 540)
    plane = frame.reformat(format="gray", src_color_range="JPEG", dst_color_range="JPEG").to_ndarray()
    tiles = plane.reshape(6, 90, 10, 160)[:, 10:80, :, 10:150]
    return [round(value) for value in np.mean(tiles, axis=(1, 3)).flatten()]


def stored(site: Site, uid: str) -> list[Path]:
    """The camera's sheets in the store."""
    return sorted((site.runtime.cluster.data_dir / "footage" / "prv" / uid).rglob("*.jpg"))


def counted(site: Site, name: str, **labels: str) -> float:
    """A counter of the site's gateway."""
    return site.registry.get_sample_value(f"snowlight_gateway_{name}_total", labels) or 0.0
