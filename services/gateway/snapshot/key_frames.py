"""Key frames by themselves, read by one ranged request and decoded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.reader import FootageReader
from services.gateway.metrics import GatewayMetrics
from services.gateway.snapshot.plan import KeyFrame, Name, key_frame_before
from services.gateway.snapshot.tile import Tile, decode_tile, join_tiles
from services.gateway.workshop import Workshop
from snowlight.errors import NotFoundError

TILES_KEPT = 600
"""13 MB. A sheet of now is asked for again and again, each time with one tile more."""


class KeyFrames:
    """Small pictures of an instant, and what sheets are made of."""

    def __init__(self, index: FootageIndex, reader: FootageReader, metrics: GatewayMetrics) -> None:
        self._index = index
        self._reader = reader
        self._metrics = metrics
        self._workshop: Workshop[Name] = Workshop(
            "snapshot.busy",
            "too many pictures are being made",
            at_once=2,
            most_waiting=32,
            kept_bytes=2 << 20,
        )
        self._tiles: OrderedDict[Name, Tile] = OrderedDict()

    async def before(self, uid: str, instant_ms: int) -> KeyFrame:
        """The last one at or before the instant. Raises NotFoundError when nothing was recorded then."""
        for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
            holding = await self._index.holding(uid, instant_ms, max_age_s=max_age_s)
            found = key_frame_before(holding, instant_ms)
            if found is not None:
                return found
        raise NotFoundError("vod.no_footage", "nothing was recorded at this instant")

    async def preview(self, key_frame: KeyFrame) -> bytes:
        """Its small JPEG. Raises DataLossError when it cannot be decoded, ResourceExhaustedError when too
        many wait, and what reading it raises."""

        async def make() -> bytes:
            tile = await self.tile(key_frame, self._workshop)
            return await self._workshop.work(join_tiles, (tile,), 1)

        return await self._workshop.take(key_frame.name, make)

    async def tile(self, key_frame: KeyFrame, workshop: Workshop[Any]) -> Tile:
        """Its picture as a tile, decoded in one of the workshop's places."""
        name, recording = key_frame.name, key_frame.recording
        if name in self._tiles:
            self._tiles.move_to_end(name)
            return self._tiles[name]
        init = await self._reader.init_section(recording)
        data = await self._reader.read(recording, key_frame.offset, key_frame.size)
        self._metrics.key_frames.inc()
        self._metrics.preview_bytes.inc(len(data))
        tile = self._tiles[name] = await workshop.work(decode_tile, init, data)
        if len(self._tiles) > TILES_KEPT:
            self._tiles.popitem(last=False)
        return tile
