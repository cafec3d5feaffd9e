"""Sheets of small pictures: from memory, from the store of their footage, or made of its key frames."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from services.gateway.archive.index import LATE_MS, FootageIndex
from services.gateway.archive.recording import Recording
from services.gateway.metrics import GatewayMetrics
from services.gateway.snapshot.key_frames import KeyFrames
from services.gateway.snapshot.plan import SCRUB, KeyFrame, Layout, Sheet, plan_sheet
from services.gateway.snapshot.stored import StoredSheets
from services.gateway.snapshot.tile import BLANK, COLUMNS, Tile, join_tiles
from services.gateway.workshop import Workshop
from snowlight.access.token import TicketClaims
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.errors import DataLossError, NotFoundError
from snowlight.media.preview import SHEETS_KEPT_MS, LapseKey, SheetKey

READ_AT_ONCE = 6
"""Key frames of a sheet that lie in memory together."""
MOST_WAITING = 8


def scrub_key(sheet: Sheet) -> SheetKey:
    """Where a scrub sheet lies."""
    return SheetKey(sheet.uid, sheet.start_ms, sheet.version)


def lapse_key(sheet: Sheet) -> LapseKey:
    """Where a sheet of thumbnails lies."""
    return LapseKey(sheet.uid, sheet.start_ms, sheet.layout.tile_ms // 60_000, sheet.version)


@dataclass(frozen=True, slots=True)
class Made:
    """A sheet as it is sent."""

    data: bytes
    settled: bool
    """What it shows was over and in a store: only a late commit or a deletion changes it."""


class Sheets:
    """Makes one sheet at a time, and puts the whole and settled ones where every gateway finds them."""

    def __init__(
        self,
        index: FootageIndex,
        key_frames: KeyFrames,
        stored: StoredSheets,
        clock: Clock,
        metrics: GatewayMetrics,
        layout: Layout = SCRUB,
        *,
        key_of: Callable[[Sheet], SheetKey | LapseKey] = scrub_key,
        stored_ms: float = SHEETS_KEPT_MS,
    ) -> None:
        """`stored_ms`: sheets that begin longer ago are not put into stores."""
        self._layout = layout
        self._key_of = key_of
        self._stored_ms = stored_ms
        self._index = index
        self._key_frames = key_frames
        self._stored = stored
        self._clock = clock
        self._metrics = metrics
        self._workshop: Workshop[tuple[str, str, str | None]] = Workshop(
            "snapshot.busy",
            "too many pictures are being made",
            at_once=1,
            most_waiting=MOST_WAITING,
            kept_bytes=4 << 20,
        )
        self._bench = asyncio.Lock()

    async def take(self, claims: TicketClaims, start_ms: int) -> Made:
        """What a sheet shows from `start_ms` on, as far as the ticket's window shows them.

        Raises NotFoundError when there is nothing to be seen, ResourceExhaustedError when too many wait.
        """
        whole = await self._plan(claims.camera_uid, start_ms)
        sheet = whole.within(claims.window_start_ms, claims.window_end_ms)
        if not any(sheet.tiles):
            raise NotFoundError("vod.no_footage", "nothing was recorded in this time")
        settled = self._is_settled(whole)
        keeps = settled and sheet == whole and start_ms >= self._clock.now_ms() - self._stored_ms
        store = whole.store if keeps else None

        async def make() -> bytes:
            return await (self._make(sheet) if store is None else self._share(sheet, store))

        return Made(await self._workshop.take((sheet.uid, sheet.version, store), make), settled)

    async def plans(self, claims: TicketClaims, start_ms: int, end_ms: int) -> AsyncIterator[Sheet]:
        """What the sheets of a range would show with this ticket, oldest first; lets others run between."""
        recordings = await self._index.between(claims.camera_uid, start_ms, end_ms)
        sheet_ms = self._layout.sheet_ms
        there: defaultdict[int, list[Recording]] = defaultdict(list)
        for recording in recordings:
            for number in range(recording.start_ms // sheet_ms, -(-recording.end_ms // sheet_ms)):
                there[number].append(recording)
        for number in range(start_ms // sheet_ms, -(-end_ms // sheet_ms)):
            if number in there:
                sheet = plan_sheet(claims.camera_uid, number * sheet_ms, there[number], self._layout)
                yield sheet.within(claims.window_start_ms, claims.window_end_ms)
                await asyncio.sleep(0)

    async def _plan(self, uid: str, start_ms: int, *, max_age_s: float | None = None) -> Sheet:
        end_ms = start_ms + self._layout.sheet_ms
        recordings = await self._index.between(uid, start_ms, end_ms, max_age_s=max_age_s)
        return plan_sheet(uid, start_ms, recordings, self._layout)

    def _is_settled(self, sheet: Sheet) -> bool:
        over = sheet.start_ms + self._layout.sheet_ms + LATE_MS <= self._clock.now_ms()
        return over and all(tile.recording.store is not None for tile in sheet.tiles if tile)

    async def _share(self, sheet: Sheet, store: str) -> bytes:
        """Out of the store, or made and put there."""
        key = self._key_of(sheet)
        found = await self._stored.read(store, key)
        if found is not None:
            self._metrics.sheets_stored.inc()
            return found
        data = await self._make(sheet)
        # Not what was erased meanwhile: storage deletes sheets along with the footage.
        if (await self._plan(sheet.uid, sheet.start_ms, max_age_s=0)).version == sheet.version:
            await self._stored.write(store, key, data)
        return data

    async def _make(self, sheet: Sheet) -> bytes:
        async with self._bench:
            tiles = await for_each(sheet.tiles, self._tile, at_once=READ_AT_ONCE)
            tiles += [BLANK] * (-len(tiles) % COLUMNS)
            self._metrics.sheets_made.inc()
            return await self._workshop.work(join_tiles, tiles, COLUMNS)

    async def _tile(self, key_frame: KeyFrame | None) -> Tile:
        if key_frame is None:
            return BLANK
        try:
            return await self._key_frames.tile(key_frame, self._workshop)
        except (DataLossError, NotFoundError):  # of sixty, one may be damaged or deleted meanwhile
            return BLANK
