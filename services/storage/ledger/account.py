"""Camera-days computed from footage, ledger and what was known of the camera."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord, CameraVersion
from services.storage.cameras.repository import read_cameras, read_versions
from services.storage.ledger.day_rows import CameraDay, LocalDay, hold_still, replace_rows, rows_of
from services.storage.ledger.days import DAY_MS, SETTLE_MS
from services.storage.ledger.gaps import list_gaps
from services.storage.ledger.integrity import Integrity, measure
from services.storage.ledger.schedule import region_spans, scheduled_spans
from services.storage.ledger.timeline import MARGIN_MS, build_timeline
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from snowlight.database import Database

AT_ONCE = 20
"""Camera-days computed while late commits wait."""


class FootageSpans(Protocol):
    """What is recorded, wherever it lies, also in stores that are away."""

    async def list_footage(
        self, camera_uid: str, start_ms: int, end_ms: int, connection: AsyncConnection | None = None
    ) -> list[Span]:
        """What is recorded in the range, holes up to JOIN_MS joined, after the last span before the range.

        `connection`: of a write transaction to read it in.
        """


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

    def __init__(self, database: Database, footage: FootageSpans, zone: ZoneInfo) -> None:
        self._database = database
        self._footage = footage
        self._zone = zone
        self._one_at_a_time = asyncio.Lock()

    async def compute(self, uids: Sequence[str], day: LocalDay, now_ms: int) -> list[CameraDay]:
        """The integrity of cameras' `day` as far as it is over, by region. What has expired is left out."""
        async with self._database.read() as connection:
            pasts = await _read_pasts(connection, uids, day, now_ms)
        return [row for past in pasts for row in await self._account(past, day)]

    async def settle(self, uids: Sequence[str], day: LocalDay, now_ms: int) -> None:
        """Compute `day`, which is over, of each camera and keep what it came to."""
        # They wait for each other anyway, and here without a connection each.
        async with self._one_at_a_time:
            for at in range(0, len(uids), AT_ONCE):
                async with self._database.write() as connection:
                    await hold_still(connection)
                    for past in await _read_pasts(connection, uids[at : at + AT_ONCE], day, now_ms):
                        # On this connection: all others may be held by commits that wait in `reopen`.
                        rows = await self._account(past, day, connection)
                        if past.may_have_been_dropped:
                            rows = _better(rows, await rows_of(connection, past.uid, day))
                        await replace_rows(connection, past.uid, day, rows)

    async def _account(
        self, past: "_Past", day: LocalDay, connection: AsyncConnection | None = None
    ) -> list[CameraDay]:
        footage = await self._footage.list_footage(past.uid, *_around(past.counted), connection)
        measured = account(past.counted, past.existence, past.versions, footage, past.ledger, self._zone)
        return [CameraDay(past.uid, day.name, region, integrity) for region, integrity in measured]


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of a camera's day, but for its footage."""

    uid: str
    existence: Span
    """Of the camera, up to now."""
    counted: Span
    """What of the day is over and not expired."""
    versions: Sequence[CameraVersion]
    ledger: Sequence[LedgerGap]
    may_have_been_dropped: bool
    """The day is past the minimum to which a store that runs full keeps footage: what is not there any more
    may have been recorded all the same."""


async def _read_pasts(
    connection: AsyncConnection, uids: Sequence[str], day: LocalDay, now_ms: int
) -> list[_Past]:
    """Of those of the cameras of which there is anything to count."""
    versions = await read_versions(connection, uids)
    ledger = await list_gaps(connection, uids, *_around(day.span))
    pasts: list[_Past] = []
    for uid, camera in (await read_cameras(connection, uids)).items():
        counted = day.span.clip(_countable(camera, now_ms))
        if not counted.is_empty:
            dropped = day.span.start_ms < now_ms - camera.minimum_days * DAY_MS
            past = (versions.get(uid, []), ledger.get(uid, []), dropped)
            pasts.append(_Past(uid, _existence(camera, now_ms), counted, *past))
    return pasts


def _around(span: Span) -> tuple[int, int]:
    return span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS


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
