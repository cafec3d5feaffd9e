"""Hours of camera health in the database, SQLite or PostgreSQL alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from services.ingest.health.meter import HealthHour
from services.ingest.registry.tables import cameras
from services.ingest.uid_parts import uid_parts
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

LOSSY_PART = 100
"""An hour is lossy where more than one packet of so many was lost."""

_hours = sa.Table(
    "health_hours",
    sa.MetaData(),
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("hour_ms", sa.BigInteger, primary_key=True),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("media_ms", sa.BigInteger),
    sa.Column("pictures", sa.BigInteger),
    sa.Column("received", sa.BigInteger),
    sa.Column("lost", sa.BigInteger),
    sa.Column("jitter_ms", sa.BigInteger),
    sa.Column("reconnects", sa.BigInteger),
)
_OF_HOUR = [_hours.c[field.name] for field in fields(HealthHour)]
_SUMS = ("bytes", "media_ms", "pictures", "received", "lost", "reconnects")


@dataclass(frozen=True, slots=True)
class LossyHours:
    """How many cameras of a region lost over 1 % of their packets in an hour."""

    region: str
    hour_ms: int
    cameras: int


class HealthRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rows: Sequence[HealthHour]) -> None:
        """Add these to what is kept of their hours."""
        insert = conflict_insert(self._database.engine, _hours)
        new = insert.excluded
        greatest = sa.case((new.jitter_ms > _hours.c.jitter_ms, new.jitter_ms), else_=_hours.c.jitter_ms)
        upsert = insert.on_conflict_do_update(
            index_elements=[_hours.c.camera_uid, _hours.c.hour_ms],
            set_={name: _hours.c[name] + new[name] for name in _SUMS} | {"jitter_ms": greatest},
        )
        async with self._database.write() as connection:
            await connection.execute(upsert, [asdict(row) for row in rows])

    async def hours(self, uid: str, since_ms: int) -> list[HealthHour]:
        """Those that begin at `since_ms` or later, oldest first."""
        query = (
            sa.select(*_OF_HOUR)
            .where(_hours.c.camera_uid == uid, _hours.c.hour_ms >= since_ms)
            .order_by(_hours.c.hour_ms)
        )
        async with self._database.ask() as connection:
            return [HealthHour(**row._mapping) for row in await connection.execute(query)]

    async def lossy(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[LossyHours]:
        """Of hours that begin in [start_ms, end_ms), by the region that the cameras are in now."""
        found: list[LossyHours] = []
        for some in uid_parts(uids):
            query = (
                sa.select(cameras.c.region, _hours.c.hour_ms, sa.func.count())
                .join(cameras, cameras.c.uid == _hours.c.camera_uid)
                .where(
                    _hours.c.camera_uid.in_(some),
                    _hours.c.hour_ms >= start_ms,
                    _hours.c.hour_ms < end_ms,
                    _hours.c.lost * LOSSY_PART > _hours.c.received + _hours.c.lost,
                )
                .group_by(cameras.c.region, _hours.c.hour_ms)
            )
            async with self._database.ask() as connection:
                found += [LossyHours(*row) for row in await connection.execute(query)]
        return found

    async def bit_rates(self, since_ms: int) -> dict[str, float]:
        """Bits per second of each camera, by uid, while it was there in hours that begin at `since_ms` or
        later."""
        rate = sa.func.sum(_hours.c.bytes) * 8000.0 / sa.func.sum(_hours.c.media_ms)
        query = (
            sa.select(_hours.c.camera_uid, rate)
            .where(_hours.c.hour_ms >= since_ms, _hours.c.media_ms > 0)
            .group_by(_hours.c.camera_uid)
        )
        async with self._database.read() as connection:
            return {uid: float(bits) for uid, bits in await connection.execute(query)}

    async def forget(self, before_ms: int) -> None:
        """Drop hours that began before, and those of cameras that are registered no more."""
        gone = sa.or_(_hours.c.hour_ms < before_ms, _hours.c.camera_uid.not_in(sa.select(cameras.c.uid)))
        async with self._database.write() as connection:
            await connection.execute(_hours.delete().where(gone))
