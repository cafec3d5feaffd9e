"""Camera-days computed from footage, ledger and what was known of the camera."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from services.storage.cameras.camera import CameraRecord, CameraVersion
from services.storage.cameras.repository import CameraRepository
from services.storage.ledger.days import DAY_MS, SETTLE_MS, CameraDay, hold_still, replace_rows, rows_of
from services.storage.ledger.gaps import list_gaps
from services.storage.ledger.integrity import Integrity, measure
from services.storage.ledger.schedule import local_day, region_spans, scheduled_spans
from services.storage.ledger.timeline import MARGIN_MS, build_timeline
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from snowlight.database import Database

AT_ONCE = 20
"""Camera-days computed while late commits wait."""


class FootageSpans(Protocol):
    """What is recorded, wherever it lies, also in stores that are away."""

    async def list_footage(self, camera_uid: str, start_ms: int, end_ms: int) -> list[Span]:
        """What is recorded in the range, holes up to JOIN_MS joined, after the last span before the range."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day by the cluster's time zone, or what is over of it."""

    name: str
    """2026-11-26"""
    span: Span

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "LocalDay":
        return cls(day.isoformat(), local_day(day, zone))


def account(
    counted: Span,
    existence: Span,
    versions: Sequence[CameraVersion],
    footage: Sequence[Span],
    ledger: Sequence[LedgerGap],
    zone: ZoneInfo,
) -> list[tuple[str, Integrity]]:
    """The integrity of `counted` by region (code), in order. `footage` and `ledger` as `build_timeline` wants
    them; `existence` is the camera's, up to now.
    """
    gaps = build_timeline(counted, existence, footage, ledger).gaps
    scheduled = scheduled_spans(counted, versions, zone)
    return [(region, measure(span, scheduled, gaps)) for region, span in region_spans(counted, versions)]


class CameraDays:
    """Computes camera-days, and keeps those of days that are over."""

    def __init__(
        self, database: Database, cameras: CameraRepository, footage: FootageSpans, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._footage = footage
        self._zone = zone
        self._one_at_a_time = asyncio.Lock()

    async def compute(self, uid: str, day: LocalDay, now_ms: int) -> list[CameraDay]:
        """The integrity of a camera's `day` as far as it is over, by region. What has expired is left out."""
        camera = await self._cameras.get(uid)
        if camera is None:
            return []
        counted = day.span.clip(_countable(camera, now_ms))
        if counted.is_empty:
            return []
        versions = await self._cameras.versions(uid)
        start_ms, end_ms = counted.start_ms - MARGIN_MS, counted.end_ms + MARGIN_MS
        footage = await self._footage.list_footage(uid, start_ms, end_ms)
        async with self._database.read() as connection:
            ledger = await list_gaps(connection, uid, start_ms, end_ms)
        measured = account(counted, _existence(camera, now_ms), versions, footage, ledger, self._zone)
        return [CameraDay(uid, day.name, region, integrity) for region, integrity in measured]

    async def settle(self, uids: Sequence[str], day: LocalDay, now_ms: int) -> None:
        """Compute `day`, which is over, of each camera and keep what it came to."""
        # A transaction needs a second connection to read with: with many of them none would be left.
        async with self._one_at_a_time:
            for at in range(0, len(uids), AT_ONCE):
                async with self._database.write() as connection:
                    await hold_still(connection)
                    for uid in uids[at : at + AT_ONCE]:
                        rows = await self.compute(uid, day, now_ms)
                        if await self._may_only_gain(uid, day, now_ms):
                            rows = _better(rows, await rows_of(connection, uid, day.span))
                        await replace_rows(connection, uid, day.span, rows)

    async def _may_only_gain(self, uid: str, day: LocalDay, now_ms: int) -> bool:
        """A store that ran full may have dropped of the day what is past its minimum: that was recorded."""
        camera = await self._cameras.get(uid)
        return camera is not None and day.span.start_ms < now_ms - camera.minimum_days * DAY_MS


def _countable(camera: CameraRecord, now_ms: int) -> Span:
    """When footage of the camera can be told of, and is no longer on its way."""
    whole = _existence(camera, now_ms)
    return whole.clip(Span(now_ms - camera.kept_days * DAY_MS, now_ms - SETTLE_MS))


def _existence(camera: CameraRecord, now_ms: int) -> Span:
    return Span(camera.created_ms, now_ms if camera.deleted_ms is None else camera.deleted_ms)


def _better(computed: list[CameraDay], kept: list[CameraDay]) -> list[CameraDay]:
    return computed if _recorded_ms(computed) >= _recorded_ms(kept) else kept


def _recorded_ms(rows: Sequence[CameraDay]) -> int:
    return sum(row.integrity.recorded_ms for row in rows)
