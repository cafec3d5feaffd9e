"""The rows of closed days: what the integrity of a camera-day came to, until footage or ledger of it change.

All functions run in the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger.causes import CAUSES, UNKNOWN
from services.storage.ledger.integrity import Integrity
from services.storage.ledger.schedule import local_day
from services.storage.ledger.timeline import MARGIN_MS
from services.storage.spans import Span, join
from services.storage.tables import integrity_days

LONGEST_DAY_MS = 26 * 3_600_000
"""No row is longer: so far back changes look for rows that reach into theirs."""
FIGURES = tuple(integrity_days.c[each.name] for each in fields(Integrity) if each.name != "missing")
MISSING = tuple(integrity_days.c[f"missing_{cause}_ms"] for cause in (*CAUSES, UNKNOWN))
"""Time missing by each cause."""

_ALL = (*CAUSES, UNKNOWN)
_LOCK = 0x494E5447
_LAST_MS = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day by the cluster's time zone."""

    name: str
    """2026-11-26"""
    span: Span

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "LocalDay":
        return cls(day.isoformat(), local_day(day, zone))


@dataclass(frozen=True, slots=True)
class CameraDay:
    """A camera's integrity while it was in one region, on one local day or a part of it."""

    camera_uid: str
    day: str
    region: str
    integrity: Integrity


async def reopen(connection: AsyncConnection, spans: Iterable[tuple[str, Span]]) -> None:
    """Footage or ledger of (camera, span) changed in this transaction: its closed days are stale.

    Waits while some are just being computed, so that no change falls between their look and their row.
    """
    around: dict[str, list[Span]] = {}
    for uid, span in spans:
        around.setdefault(uid, []).append(Span(span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS))
    touched = [(uid, span) for uid in sorted(around) for span in join(around[uid])]
    if not touched:
        return
    uids = [uid for uid, _ in touched]
    starts = [span.start_ms for _, span in touched]
    ends = [min(span.end_ms, _LAST_MS) for _, span in touched]
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))
        values = {"uids": uids, "starts": starts, "ends": ends, "longest": LONGEST_DAY_MS}
        await connection.execute(_REOPEN_POSTGRES, values)
    else:
        rows = zip(uids, starts, ends, strict=True)
        await connection.execute(
            _REOPEN,
            [{"uid": uid, "start": start, "end": end, "longest": LONGEST_DAY_MS} for uid, start, end in rows],
        )


_REOPEN = sa.text(
    "UPDATE integrity_days SET stale = true WHERE camera_uid = :uid AND NOT stale "
    "AND start_ms < :end AND end_ms > :start AND start_ms > :start - :longest"
)
# In one order for all writers: they wait, and never for each other.
_REOPEN_POSTGRES = sa.text(
    """
    WITH touched AS (
        SELECT camera_uid, start_ms
        FROM unnest(CAST(:uids AS text[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[]))
            AS changed (uid, since_ms, until_ms)
        JOIN integrity_days ON camera_uid = uid AND start_ms < until_ms AND end_ms > since_ms
            AND start_ms > since_ms - CAST(:longest AS bigint)
        WHERE NOT stale
        ORDER BY camera_uid, start_ms
        FOR UPDATE OF integrity_days
    )
    UPDATE integrity_days SET stale = true FROM touched
    WHERE integrity_days.camera_uid = touched.camera_uid AND integrity_days.start_ms = touched.start_ms
    """
)


async def hold_still(connection: AsyncConnection) -> None:
    """Until the transaction ends, `reopen` waits. On SQLite every writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


async def rows_of(connection: AsyncConnection, uid: str, day: LocalDay) -> list[CameraDay]:
    """What is kept of one camera-day, stale or not, in order."""
    columns = (integrity_days.c.camera_uid, integrity_days.c.day, integrity_days.c.region)
    query = sa.select(*columns, *FIGURES, *MISSING).where(_of_day(uid, day))
    rows = await connection.execute(query.order_by(integrity_days.c.start_ms))
    return [CameraDay(row[0], row[1], row[2], integrity_of(row[3:])) for row in rows]


async def replace_rows(
    connection: AsyncConnection, uid: str, day: LocalDay, rows: Sequence[CameraDay]
) -> None:
    """Keep `rows` as what a camera-day came to."""
    await connection.execute(sa.delete(integrity_days).where(_of_day(uid, day)))
    values = [
        {
            "camera_uid": uid,
            "day": row.day,
            "region": row.region,
            **{column.name: getattr(row.integrity, column.name) for column in FIGURES},
            **{f"missing_{cause}_ms": row.integrity.missing.get(cause, 0) for cause in _ALL},
        }
        for row in rows
    ]
    if values:
        await connection.execute(sa.insert(integrity_days), values)


def _of_day(uid: str, day: LocalDay) -> sa.ColumnElement[bool]:
    """By name and by time: when the cluster's time zone was changed they differ."""
    in_its_time = integrity_days.c.start_ms.between(day.span.start_ms, day.span.end_ms - 1)
    return sa.and_(integrity_days.c.camera_uid == uid, sa.or_(integrity_days.c.day == day.name, in_its_time))


def integrity_of(row: Sequence[int]) -> Integrity:
    """Of columns FIGURES, and MISSING where they were asked for."""
    start_ms, end_ms, scheduled_ms, longest_ms, leading_ms, trailing_ms, *missing = row
    return Integrity(start_ms, end_ms, scheduled_ms, longest_ms, leading_ms, trailing_ms, missing_of(missing))


def missing_of(row: Sequence[int]) -> dict[str, int]:
    return {cause: ms for cause, ms in zip(_ALL, row, strict=False) if ms}
