"""Questions to closed days, and which of them are to be computed."""

from dataclasses import dataclass

import sqlalchemy as sa

from services.storage.ledger.day_rows import FIGURES, MISSING, LocalDay, integrity_of, missing_of
from services.storage.ledger.integrity import Integrity
from services.storage.retention.expiry import droppable_until
from services.storage.spans import Span
from services.storage.tables import camera_versions, cameras, integrity_days
from snowlight.database import Database

REGION_CODE_DIGITS = 12
"""Regions below a village have local codes, whose beginnings mean nothing."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SETTLE_MS = 180_000
"""So long footage may be on its way: the last minutes before now are not counted yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose integrity is asked for: one camera's, or that of all in a region; everybody's when empty."""

    camera_uid: str = ""
    region: str = ""
    """Code."""


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


class IntegrityDays:
    """Questions to closed days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(self, subject: Subject, span: Span) -> list[str]:
        """Uids of the cameras of `subject` that were registered at any time in `span`."""
        query = sa.select(cameras.c.uid).where(_asked_for(cameras.c.uid, subject), _existed(span))
        async with self._database.read() as connection:
            return list(await connection.scalars(query.order_by(cameras.c.uid)))

    async def unsettled(
        self,
        subject: Subject,
        day: LocalDay,
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
        what begins to expire within an hour, or may then be dropped by a store that runs full.
        """
        kept_ms = cameras.c.kept_days * sa.literal(DAY_MS, sa.BigInteger)
        expired_ms = sa.literal(now_ms, sa.BigInteger) - kept_ms
        there = (
            sa.select(
                integrity_days.c.camera_uid,
                sa.func.max(sa.cast(integrity_days.c.stale, sa.Integer)).label("stale"),
            )
            .where(
                _asked_for(integrity_days.c.camera_uid, subject), integrity_days.c.day == _planned(day.name)
            )
            .group_by(integrity_days.c.camera_uid)
            .subquery()
        )
        query = (
            sa.select(cameras.c.uid)
            .join_from(cameras, there, there.c.camera_uid == cameras.c.uid, isouter=True)
            .where(
                cameras.c.uid > after,
                _asked_for(cameras.c.uid, subject),
                _existed(day.span),
                sa.or_(
                    expired_ms + HOUR_MS > day.span.start_ms,
                    droppable_until(now_ms) + HOUR_MS > day.span.start_ms,
                )
                if expiring_only
                else sa.true(),
                sa.or_(
                    sa.and_(there.c.stale.is_(None), expired_ms < day.span.end_ms),
                    sa.and_(there.c.stale >= int(not anew), expired_ms <= day.span.start_ms),
                ),
            )
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
                *(sa.cast(sa.func.sum(column), sa.BigInteger) for column in MISSING),
            )
            .where(_within(subject, first, last))
            .group_by(integrity_days.c.day)
            .order_by(integrity_days.c.day)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [DaySum(row[0], row[1], row[2], missing_of(row[3:])) for row in rows]

    async def scheduled_cameras(self, subject: Subject, first: str, last: str) -> set[str]:
        """Uids of the cameras that were to record at any time from `first` to `last`."""
        recorded = sa.exists().where(
            integrity_days.c.camera_uid == cameras.c.uid,
            _within(subject, first, last),
            integrity_days.c.scheduled_ms > 0,
        )
        query = sa.select(cameras.c.uid).where(_asked_for(cameras.c.uid, subject), recorded)
        async with self._database.read() as connection:
            return set(await connection.scalars(query))

    async def edges(self, subject: Subject, first: str, last: str) -> list[tuple[str, Integrity]]:
        """Rows at whose begin or end a gap lies, without its causes: it may go on in the next one."""
        at_edge = sa.or_(integrity_days.c.leading_gap_ms > 0, integrity_days.c.trailing_gap_ms > 0)
        query = sa.select(integrity_days.c.camera_uid, *FIGURES).where(_within(subject, first, last), at_edge)
        async with self._database.read() as connection:
            return [(row[0], integrity_of(row[1:])) for row in await connection.execute(query)]

    async def is_known(self, region: str) -> bool:
        """Whether any camera ever was in the region."""
        query = sa.select(sa.exists().where(_under(camera_versions.c.region, region)))
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def forget(self, before_ms: int) -> None:
        """Drop what is kept of days that ended before `before_ms`."""
        async with self._database.write() as connection:
            await connection.execute(sa.delete(integrity_days).where(integrity_days.c.end_ms < before_ms))


def _existed(span: Span) -> sa.ColumnElement[bool]:
    return sa.and_(
        cameras.c.created_ms < span.end_ms,
        sa.or_(cameras.c.deleted_ms.is_(None), cameras.c.deleted_ms > span.start_ms),
    )


def _asked_for(uid: sa.ColumnElement[str], subject: Subject) -> sa.ColumnElement[bool]:
    if subject.camera_uid:
        return uid == subject.camera_uid
    if not subject.region:
        return sa.true()
    return uid.in_(
        sa.select(camera_versions.c.camera_uid).where(_under(camera_versions.c.region, subject.region))
    )


def _within(subject: Subject, first: str, last: str) -> sa.ColumnElement[bool]:
    days = integrity_days.c.day.between(_planned(first), _planned(last))
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
    after = region[:-1] + chr(ord(region[-1]) + 1)
    return sa.and_(column >= _planned(region), column < _planned(after))


def _planned(value: str) -> sa.BindParameter[str]:
    """A value the database knows when it plans: villages and provinces are read in different ways."""
    return sa.bindparam(None, value, sa.Text, unique=True, literal_execute=True)
