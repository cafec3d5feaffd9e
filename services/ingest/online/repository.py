"""Online time in the database, SQLite or PostgreSQL alike: hours first, sums of days later."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa

from services.ingest.online.meter import HOUR_MS, CameraHour
from services.ingest.registry.tables import cameras
from services.ingest.shards.own import OwnShards
from services.ingest.uid_parts import UIDS_AT_ONCE, uid_parts
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert
from snowlight.shards import shard_of

_metadata = sa.MetaData()
_hours = sa.Table(
    "online_hours",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("hour_ms", sa.BigInteger, primary_key=True),
    sa.Column("enabled_ms", sa.Integer),
    sa.Column("online_ms", sa.Integer),
    sa.Column("until_ms", sa.BigInteger),
    sa.Column("phase", sa.SmallInteger),
)
_days = sa.Table(
    "online_days",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("day_ms", sa.BigInteger, primary_key=True),
    sa.Column("enabled_ms", sa.Integer),
    sa.Column("online_ms", sa.Integer),
)
_seen = sa.Table(
    "online_seen",
    _metadata,
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("until_ms", sa.BigInteger),
)
_OF_HOUR = [_hours.c[field.name] for field in fields(CameraHour)]


@dataclass(frozen=True, slots=True)
class OnlineSum:
    """Of cameras of one region, in one hour or day."""

    region: str
    start_ms: int
    enabled_ms: int
    online_ms: int


class OnlineRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, rows: Sequence[CameraHour], own: OwnShards | None = None) -> None:
        """Keep these hours in place of what is kept of them. `own`: but for those of others' cameras.

        Raises UnavailableError, with nothing written, where they become so meanwhile, too.
        """
        insert = conflict_insert(self._database.engine, _hours)
        values = {name: insert.excluded[name] for name in ("enabled_ms", "online_ms", "until_ms", "phase")}
        upsert = insert.on_conflict_do_update(
            index_elements=[_hours.c.camera_uid, _hours.c.hour_ms], set_=values
        )
        async with self._database.write() as connection:
            if own is not None:
                shards = await own.shards(connection)
                rows = [row for row in rows if shard_of(row.camera_uid) in shards]
            if rows:
                await connection.execute(upsert, [asdict(row) for row in rows])
            if own is not None:
                await own.check(connection, {shard_of(row.camera_uid) for row in rows})

    async def mark_seen(self, shards: Collection[int], until_ms: int, own: OwnShards | None = None) -> None:
        """Everything up to then is written of the cameras of `shards`. `own`, and raises, as `write`."""
        if not shards:
            return
        insert = conflict_insert(self._database.engine, _seen)
        upsert = insert.on_conflict_do_update(
            index_elements=[_seen.c.shard], set_={"until_ms": insert.excluded.until_ms}
        )
        async with self._database.write() as connection:
            ours = set(shards) if own is None else await own.shards(connection) & set(shards)
            rows = [{"shard": each, "until_ms": until_ms} for each in sorted(ours)]
            if rows:
                await connection.execute(upsert, rows)
            if own is not None:
                await own.check(connection, ours)

    async def newest(
        self, shards: Collection[int], uids: Sequence[str] | None = None
    ) -> dict[int, list[CameraHour]]:
        """Of the cameras of `shards`, by the time until which all was written: the newest hour of each that
        is registered and had one lately. Shards of which nothing ever was are left out.

        `uids`: of all these cameras, where they are known; they are read some at a time then.
        """
        async with self._database.ask() as connection:
            seen = {
                row.shard: row.until_ms
                for row in await connection.execute(_seen.select())
                if row.shard in shards
            }
        if not seen:
            return {}
        oldest_ms = min(seen.values())
        query = (
            sa.select(*_OF_HOUR)
            .join(cameras, cameras.c.uid == _hours.c.camera_uid)
            .where(_hours.c.hour_ms >= oldest_ms - oldest_ms % HOUR_MS - HOUR_MS)
            .order_by(_hours.c.hour_ms)
        )
        parts = [query]
        if uids is not None:
            parts = [query.where(_hours.c.camera_uid.in_(some)) for some in uid_parts(uids)]
        newest: dict[str, CameraHour] = {}
        for part in parts:
            async with self._database.ask() as connection:
                rows = await connection.execute(part)
                newest |= {row.camera_uid: CameraHour(**row._mapping) for row in rows}
        found: dict[int, list[CameraHour]] = {until_ms: [] for until_ms in seen.values()}
        for hour in newest.values():
            shard = shard_of(hour.camera_uid)
            if shard in seen:
                found[seen[shard]].append(hour)
        return found

    async def hours(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[OnlineSum]:
        """Sums of hours that begin in [start_ms, end_ms), by the region that the cameras are in now."""
        return await self._sums(_hours, _hours.c.hour_ms, uids, start_ms, end_ms)

    async def of_hour(self, uids: Sequence[str], hour_ms: int) -> list[CameraHour]:
        """What is written of one hour."""
        found: list[CameraHour] = []
        for some in uid_parts(uids):
            query = sa.select(*_OF_HOUR).where(_hours.c.hour_ms == hour_ms, _hours.c.camera_uid.in_(some))
            async with self._database.ask() as connection:
                found += [CameraHour(**row._mapping) for row in await connection.execute(query)]
        return found

    async def days(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[OnlineSum]:
        """Sums of days, as `hours`."""
        return await self._sums(_days, _days.c.day_ms, uids, start_ms, end_ms)

    async def regions(self, uids: Sequence[str]) -> dict[str, str]:
        """The regions of those that are registered."""
        found: dict[str, str] = {}
        for some in uid_parts(uids):
            query = sa.select(cameras.c.uid, cameras.c.region).where(cameras.c.uid.in_(some))
            async with self._database.ask() as connection:
                found |= {row.uid: row.region for row in await connection.execute(query)}
        return found

    async def oldest_hour(self) -> int | None:
        """The oldest that is kept."""
        async with self._database.ask() as connection:
            oldest: int | None = (await connection.execute(sa.select(sa.func.min(_hours.c.hour_ms)))).scalar()
        return oldest

    async def sum_up(self, day_ms: int, end_ms: int) -> bool:
        """Put the hours in [day_ms, end_ms) of some cameras into the day's sum. False once there are none."""
        of_day = sa.and_(_hours.c.hour_ms >= day_ms, _hours.c.hour_ms < end_ms)
        async with self._database.write() as connection:
            some = await connection.execute(
                sa.select(_hours.c.camera_uid).where(of_day).distinct().limit(UIDS_AT_ONCE)
            )
            uids = [row.camera_uid for row in some]
            if not uids:
                return False
            theirs = sa.and_(of_day, _hours.c.camera_uid.in_(uids))
            sums = (
                sa.select(
                    _hours.c.camera_uid,
                    sa.literal(day_ms, sa.BigInteger),
                    sa.func.sum(_hours.c.enabled_ms),
                    sa.func.sum(_hours.c.online_ms),
                )
                .where(theirs)
                .group_by(_hours.c.camera_uid)
            )
            insert = conflict_insert(self._database.engine, _days).from_select(
                [column.name for column in _days.c], sums
            )
            added = {
                name: _days.c[name] + insert.excluded[name]  # hours that a clock put back made anew
                for name in ("enabled_ms", "online_ms")
            }
            await connection.execute(
                insert.on_conflict_do_update(index_elements=[_days.c.camera_uid, _days.c.day_ms], set_=added)
            )
            await connection.execute(_hours.delete().where(theirs))
        return True

    async def forget_days(self, before_ms: int) -> None:
        """Drop the sums of days that began before."""
        async with self._database.write() as connection:
            await connection.execute(_days.delete().where(_days.c.day_ms < before_ms))

    async def _sums(
        self, table: sa.Table, start: sa.Column[int], uids: Sequence[str], start_ms: int, end_ms: int
    ) -> list[OnlineSum]:
        found: list[OnlineSum] = []
        for some in uid_parts(uids):
            query = (
                sa.select(
                    cameras.c.region,
                    start,
                    sa.func.sum(table.c.enabled_ms),
                    sa.func.sum(table.c.online_ms),
                )
                .join(cameras, cameras.c.uid == table.c.camera_uid)
                .where(table.c.camera_uid.in_(some), start >= start_ms, start < end_ms)
                .group_by(cameras.c.region, start)
            )
            async with self._database.ask() as connection:
                found += [_sum(*row) for row in await connection.execute(query)]
        return found


def _sum(region: str, start_ms: int, enabled_ms: Any, online_ms: Any) -> OnlineSum:
    """PostgreSQL's sums are Decimal."""
    return OnlineSum(region, start_ms, int(enabled_ms), int(online_ms))
