"""Closed days: what the integrity of a camera-day came to, kept until footage or ledger of it change."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger.causes import CAUSES, UNKNOWN
from services.storage.ledger.integrity import Integrity
from services.storage.segment import JOIN_MS
from services.storage.spans import Span, join
from services.storage.tables import camera_versions, cameras, integrity_days
from snowlight.database import Database

REGION_CODE_DIGITS = 12
"""Regions below a village have local codes, whose beginnings mean nothing."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SETTLE_MS = 180_000
"""So long footage may be on its way: the last minutes before now are not counted yet."""

_LOCK = 0x494E5447
_LAST_MS = (1 << 62) - 1
_ALL = (*CAUSES, UNKNOWN)
_MISSING = tuple(integrity_days.c[f"missing_{cause}_ms"] for cause in _ALL)
_FIGURES = tuple(integrity_days.c[each.name] for each in fields(Integrity) if each.name != "missing")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose integrity is asked for: one camera's, or that of all in a region; everybody's when empty."""

    camera_uid: str = ""
    region: str = ""
    """Code."""


@dataclass(frozen=True, slots=True)
class CameraDay:
    """A camera's integrity while it was in one region, on one local day or a part of it."""

    camera_uid: str
    day: str
    region: str
    integrity: Integrity


@dataclass(frozen=True, slots=True)
class DaySum:
    """Of all cameras asked for, on one local day."""

    day: str
    scheduled_ms: int
    longest_gap_ms: int
    missing: dict[str, int]

    @property
    def recorded_ms(self) -> int:
        return self.scheduled_ms - sum(self.missing.values())


async def reopen(connection: AsyncConnection, spans: Iterable[tuple[str, Span]]) -> None:
    """Footage or ledger of (camera, span) changed in this transaction: its closed days are stale.

    Waits while some are just being computed, so that no change falls between their look and their row.
    """
    around: dict[str, list[Span]] = {}
    for uid, span in spans:
        around.setdefault(uid, []).append(Span(span.start_ms - JOIN_MS - 1, span.end_ms + JOIN_MS + 1))
    touched = [(uid, span) for uid in sorted(around) for span in join(around[uid])]
    if not touched:
        return
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))
        await connection.execute(
            _REOPEN_POSTGRES,
            {
                "uids": [uid for uid, _ in touched],
                "starts": [span.start_ms for _, span in touched],
                "ends": [min(span.end_ms, _LAST_MS) for _, span in touched],
            },
        )
    else:
        await connection.execute(
            _REOPEN,
            [
                {"uid": uid, "start": span.start_ms, "end": min(span.end_ms, _LAST_MS)}
                for uid, span in touched
            ],
        )


_REOPEN = sa.text(
    "UPDATE integrity_days SET stale = true "
    "WHERE camera_uid = :uid AND start_ms < :end AND end_ms > :start AND NOT stale"
)
_REOPEN_POSTGRES = sa.text(
    "UPDATE integrity_days SET stale = true "
    "FROM unnest(CAST(:uids AS text[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[])) "
    "AS touched (uid, since_ms, until_ms) "
    "WHERE camera_uid = uid AND start_ms < until_ms AND end_ms > since_ms AND NOT stale"
)


async def hold_still(connection: AsyncConnection) -> None:
    """Until the transaction ends, `reopen` waits. On SQLite every writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


async def rows_of(connection: AsyncConnection, uid: str, day: Span) -> list[CameraDay]:
    """What is kept of one camera-day, stale or not, in order."""
    columns = (integrity_days.c.camera_uid, integrity_days.c.day, integrity_days.c.region)
    query = sa.select(*columns, *_FIGURES, *_MISSING).where(_of_day(uid, day))
    rows = await connection.execute(query.order_by(integrity_days.c.start_ms))
    return [CameraDay(row[0], row[1], row[2], _integrity(row[3:])) for row in rows]


async def replace_rows(connection: AsyncConnection, uid: str, day: Span, rows: Sequence[CameraDay]) -> None:
    """Keep `rows` as what a camera-day came to."""
    await connection.execute(sa.delete(integrity_days).where(_of_day(uid, day)))
    values = [
        {
            "camera_uid": uid,
            "day": row.day,
            "region": row.region,
            **{column.name: getattr(row.integrity, column.name) for column in _FIGURES},
            **{f"missing_{cause}_ms": row.integrity.missing.get(cause, 0) for cause in _ALL},
        }
        for row in rows
    ]
    if values:
        await connection.execute(sa.insert(integrity_days), values)


class IntegrityDays:
    """Questions to closed days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(self, subject: Subject, span: Span) -> list[str]:
        """Uids of the cameras of `subject` that were registered at any time in `span`."""
        query = sa.select(cameras.c.uid).where(_asked_for(subject), _existed(span))
        async with self._database.read() as connection:
            return list(await connection.scalars(query.order_by(cameras.c.uid)))

    async def unsettled(
        self,
        subject: Subject,
        day: Span,
        now_ms: int,
        *,
        anew: bool = False,
        expiring_only: bool = False,
        limit: int,
        after: str = "",
    ) -> list[str]:
        """Uids of cameras whose `day` is to be computed, because it never was or something changed since.

        What has expired cannot be computed any more: of a day that was, all must be kept still; of one that
        was not, some. `anew`: also what is settled. `expiring_only`: only
        what begins to expire within an hour.
        """
        expired_ms = sa.literal(now_ms, sa.BigInteger) - cameras.c.kept_days * sa.literal(
            DAY_MS, sa.BigInteger
        )
        there = sa.exists().where(_of_day(cameras.c.uid, day))
        stale = there if anew else there.where(integrity_days.c.stale)
        query = sa.select(cameras.c.uid).where(
            cameras.c.uid > after,
            _asked_for(subject),
            _existed(day),
            expired_ms + HOUR_MS > day.start_ms if expiring_only else sa.true(),
            sa.or_(
                sa.and_(~there, expired_ms < day.end_ms),
                sa.and_(stale, expired_ms <= day.start_ms),
            ),
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query.order_by(cameras.c.uid).limit(limit)))

    async def longest_kept_days(self) -> int:
        """For how long any camera's footage is kept; 0 when there is no camera."""
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(sa.func.max(cameras.c.kept_days))) or 0

    async def sums(self, subject: Subject, first: str, last: str) -> list[DaySum]:
        """Of each day that anything is kept of, from `first` to `last`, in order."""
        query = (
            sa.select(
                integrity_days.c.day,
                sa.cast(sa.func.sum(integrity_days.c.scheduled_ms), sa.BigInteger),
                sa.func.max(integrity_days.c.longest_gap_ms),
                *(sa.cast(sa.func.sum(column), sa.BigInteger) for column in _MISSING),
            )
            .where(_within(subject, first, last))
            .group_by(integrity_days.c.day)
            .order_by(integrity_days.c.day)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [DaySum(row[0], row[1], row[2], _missing(row[3:])) for row in rows]

    async def scheduled_cameras(self, subject: Subject, first: str, last: str) -> set[str]:
        """Uids of the cameras that were to record at any time from `first` to `last`."""
        query = sa.select(integrity_days.c.camera_uid).where(
            _within(subject, first, last), integrity_days.c.scheduled_ms > 0
        )
        async with self._database.read() as connection:
            return set(await connection.scalars(query.distinct()))

    async def edges(self, subject: Subject, first: str, last: str) -> list[tuple[str, Integrity]]:
        """Rows at whose begin or end a gap lies, without its causes: it may go on in the next one."""
        at_edge = sa.or_(integrity_days.c.leading_gap_ms > 0, integrity_days.c.trailing_gap_ms > 0)
        query = sa.select(integrity_days.c.camera_uid, *_FIGURES).where(
            _within(subject, first, last), at_edge
        )
        async with self._database.read() as connection:
            return [(row[0], _integrity(row[1:])) for row in await connection.execute(query)]

    async def is_known(self, region: str) -> bool:
        """Whether any camera ever was in the region."""
        query = sa.select(sa.exists().where(_under(camera_versions.c.region, region)))
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def forget(self, before_ms: int) -> None:
        """Drop what is kept of days that ended before `before_ms`."""
        async with self._database.write() as connection:
            await connection.execute(sa.delete(integrity_days).where(integrity_days.c.end_ms < before_ms))


def _of_day(uid: Any, day: Span) -> sa.ColumnElement[bool]:
    return sa.and_(
        integrity_days.c.camera_uid == uid,
        integrity_days.c.start_ms >= day.start_ms,
        integrity_days.c.start_ms < day.end_ms,
    )


def _existed(span: Span) -> sa.ColumnElement[bool]:
    return sa.and_(
        cameras.c.created_ms < span.end_ms,
        sa.or_(cameras.c.deleted_ms.is_(None), cameras.c.deleted_ms > span.start_ms),
    )


def _asked_for(subject: Subject) -> sa.ColumnElement[bool]:
    if subject.camera_uid:
        return cameras.c.uid == subject.camera_uid
    if not subject.region:
        return sa.true()
    of_region = sa.select(camera_versions.c.camera_uid).where(
        _under(camera_versions.c.region, subject.region)
    )
    return cameras.c.uid.in_(of_region)


def _within(subject: Subject, first: str, last: str) -> sa.ColumnElement[bool]:
    days = integrity_days.c.day.between(first, last)
    if subject.camera_uid:
        return sa.and_(days, integrity_days.c.camera_uid == subject.camera_uid)
    return sa.and_(days, _under(integrity_days.c.region, subject.region))


def is_under(code: str, region: str) -> bool:
    """`code` is the region's or that of one below it; every code is under the empty one."""
    return code == region or (len(region) <= REGION_CODE_DIGITS and code.startswith(region))


def _under(column: sa.ColumnElement[str], region: str) -> sa.ColumnElement[bool]:
    """`is_under` in SQL, as a range of an index."""
    if len(region) > REGION_CODE_DIGITS:
        return column == region
    return sa.and_(column >= region, column < region[:-1] + chr(ord(region[-1]) + 1))


def _integrity(row: Sequence[int]) -> Integrity:
    """Of columns `_FIGURES`, and `_MISSING` where they were asked for."""
    start_ms, end_ms, scheduled_ms, longest_ms, leading_ms, trailing_ms, *missing = row
    return Integrity(start_ms, end_ms, scheduled_ms, longest_ms, leading_ms, trailing_ms, _missing(missing))


def _missing(row: Collection[int]) -> dict[str, int]:
    return {cause: ms for cause, ms in zip(_ALL, row, strict=False) if ms}
