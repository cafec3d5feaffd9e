"""PostgreSQL's hot paths: commits and range reads as plain asyncpg, which does each in one round trip."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.index.recorded import Recorded
from services.storage.index.recorded_postgres import READ_RECORDED, recorded_of
from services.storage.index.repository import COLUMNS, Key, Repository, key_of, segments_of
from services.storage.segment import MAX_DURATION_MS, Segment
from snowlight.errors import UnavailableError

_HOLD_PARTITIONS = sa.text("LOCK TABLE packed_days IN ACCESS SHARE MODE")
_NAMES = ", ".join(column.name for column in COLUMNS)
_WITHOUT_TABLES = _NAMES.replace("fragments", "''::bytea AS fragments")
_ARRAYS = (
    "$1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], "
    "$8::bigint[], $9::bigint[], $10::integer[], $11::text[], $12::bytea[], $13::bytea[]"
)

_INSERT = f"""
    INSERT INTO segments ({_NAMES}, tombstone_ms) SELECT *, $14::bigint FROM unnest({_ARRAYS})
    ON CONFLICT DO NOTHING
    RETURNING camera_uid, start_ms, duration_ms, epoch, sequence, init8
"""  # noqa: S608 - names of columns, nothing from outside

_KEYS = "$1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[]"
# The range of time, told apart from the keys, is what chooses the partition.
_DELETE_LIVE = f"""
    DELETE FROM segments USING unnest({_KEYS}) AS gone(uid, start_ms, duration_ms, epoch, sequence, init8)
    WHERE segments.camera_uid = gone.uid AND segments.start_ms = gone.start_ms
      AND segments.duration_ms = gone.duration_ms AND segments.epoch = gone.epoch
      AND segments.sequence = gone.sequence AND segments.init8 = gone.init8
      AND segments.start_ms BETWEEN $7 AND $8 AND tombstone_ms IS NULL AND NOT doomed
"""  # noqa: S608 - names of columns, nothing from outside

_LIST = """
    SELECT {columns} FROM segments
    WHERE camera_uid = $1 AND start_ms > $2::bigint - {reach} AND start_ms < $3
      AND start_ms + duration_ms > $2 AND tombstone_ms IS NULL
    ORDER BY start_ms, epoch, sequence
"""
_LIST_WITH_TABLES = _LIST.format(columns=_NAMES, reach=MAX_DURATION_MS)
_LIST_WITHOUT = _LIST.format(columns=_WITHOUT_TABLES, reach=MAX_DURATION_MS)

# OFFSET 0 keeps the planner from turning the look for each row's few neighbours into one join of everything.
_NEAR = f"""
    SELECT DISTINCT found.* FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS late(uid, start_ms, end_ms)
    CROSS JOIN LATERAL (
        SELECT {_WITHOUT_TABLES} FROM segments
        WHERE camera_uid = late.uid AND start_ms > late.start_ms - {MAX_DURATION_MS}
          AND start_ms < late.end_ms AND start_ms + duration_ms > late.start_ms
        OFFSET 0
    ) AS found
"""  # noqa: S608 - names of columns, nothing from outside


class PostgresRepository(Repository):
    """The repository on PostgreSQL."""

    async def begin_answer(self, connection: AsyncConnection) -> None:
        # A partition that goes while the answer is given would take rows along that the answer's moment still
        # had. The keeper waits for this lock, and here it is had before the moment is chosen: a query would
        # choose the moment first.
        await connection.execute(_HOLD_PARTITIONS)

    async def insert_segments(
        self, connection: AsyncConnection, rows: Sequence[Segment], *, tombstone_ms: int | None = None
    ) -> set[Key]:
        if not rows:
            return set()
        rows = sorted(rows, key=key_of)
        columns = [[getattr(row, column.name) for row in rows] for column in COLUMNS]
        async with _driver(connection) as driver:
            return {tuple(each) for each in await driver.fetch(_INSERT, *columns, tombstone_ms)}

    async def delete_live(self, connection: AsyncConnection, rows: Sequence[Segment]) -> int:
        if not rows:
            return 0
        columns = [list(column) for column in zip(*(key_of(row) for row in rows), strict=True)]
        async with _driver(connection) as driver:
            told = await driver.execute(_DELETE_LIVE, *columns, min(columns[1]), max(columns[1]))
        return int(told.removeprefix("DELETE "))

    async def near(self, connection: AsyncConnection, rows: Sequence[Segment]) -> list[Segment]:
        columns = [[getattr(row, name) for row in rows] for name in ("camera_uid", "start_ms", "end_ms")]
        async with _driver(connection) as driver:
            return segments_of(await driver.fetch(_NEAR, *columns)) if rows else []

    async def list_segments(
        self, connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool
    ) -> list[Segment]:
        query = _LIST_WITH_TABLES if fragments else _LIST_WITHOUT
        async with _driver(connection) as driver:
            return segments_of(await driver.fetch(query, camera_uid, start_ms, end_ms))

    async def read_recorded(self, camera_uid: str, start_ms: int, end_ms: int) -> Recorded:
        async with self.database.ask() as connection, _driver(connection, alone=True) as driver:
            rows = await driver.fetch(READ_RECORDED, camera_uid, start_ms, end_ms)
        return recorded_of(camera_uid, rows)

    async def recorded_in(
        self, connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int
    ) -> Recorded:
        async with _driver(connection) as driver:
            return recorded_of(camera_uid, await driver.fetch(READ_RECORDED, camera_uid, start_ms, end_ms))


@asynccontextmanager
async def _driver(connection: AsyncConnection, *, alone: bool = False) -> AsyncIterator[Any]:
    """The `asyncpg.Connection`. SQLAlchemy begins its transaction there with the first thing it executes.

    `alone`: for one statement that is a transaction by itself.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    assert driver.is_in_transaction() != alone, "execute something through SQLAlchemy first"
    try:
        yield driver
    except TimeoutError as error:  # of the bound that all statements have
        driver.terminate()
        raise UnavailableError("database.unavailable", "the database does not answer") from error
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise UnavailableError("database.unavailable", "the database does not answer") from error
