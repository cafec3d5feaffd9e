"""Packed days in table and store: read, switched, unpacked; on both databases, on a folder and on MinIO."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import obstore
import pytest
import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from services.storage.index.day_object import DayKey, decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import (
    PackedDay,
    forget_packed,
    insert_packed,
    list_packed,
    read_day,
    row_of,
    switch_packed,
    unpack,
)
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.segment import DAY_MS, Segment
from services.storage.tables import segments as table
from snowlight.database import open_database
from snowlight.errors import AbortedError, DataLossError, NotFoundError, UnavailableError
from snowlight.object_store import ObjectStoreSettings, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from obstore.store import ObjectStore

DAY = 19_675
BEGIN_MS = DAY * DAY_MS
HOUR_MS = 3_600_000
HOURS = [
    Segment(
        *("cam", BEGIN_MS + at * HOUR_MS, HOUR_MS, 1, at, "0a1b2c3d", "default", 900, 1, 800, "avc1"),
        hashlib.sha256(bytes([at])).digest(),
        b"table %d" % at,
    )
    for at in range(24)
]


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store; a test that uses it runs on a folder and on MinIO."""
    if request.param == "folder":
        settings = ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    else:
        server = request.getfixturevalue("minio_server")
        settings = server.store(request.getfixturevalue("minio_bucket"))
    return open_store(settings, tmp_path)


@asynccontextmanager
async def index(database_url: str) -> AsyncIterator[Repository]:
    async with open_database(database_url, service="storage", migrations=MIGRATIONS) as database:
        yield PostgresRepository(database) if database.is_postgres else Repository(database)


def packed(segments: list[Segment] = HOURS, generation: int = 1) -> tuple[bytes, PackedDay]:
    data = encode_day("cam", DAY, "default", segments)
    return data, row_of(decode_day(data, "it"), generation)


async def test_an_index_object_is_written_once_and_read_back(store: ObjectStore) -> None:
    objects = DayObjects({"default": store}, cache_bytes=0)
    data, row = packed()
    with pytest.raises(NotFoundError):
        await read_day(objects, row)
    await objects.write("default", row.key, data)
    with pytest.raises(AbortedError):
        await objects.write("default", row.key, b"another")
    assert (await read_day(objects, row)).segments() == HOURS
    assert await objects.list_keys("default", "cam") == [row.key]
    assert await objects.list_keys("default", "ca") == []
    for _ in range(2):
        await objects.delete("default", row.key)
    with pytest.raises(NotFoundError):
        await read_day(objects, row)


async def test_a_damaged_a_foreign_and_another_object_are_told_by_name(store: ObjectStore) -> None:
    objects = DayObjects({"default": store}, cache_bytes=1 << 20)
    data, row = packed()
    for wrong in (
        data[:-1],
        b"something else",
        encode_day("other", DAY, "default", []),
        packed(HOURS[1:])[0],
    ):
        await obstore.put_async(store, str(row.key), wrong)
        with pytest.raises(DataLossError, match=r"default:idx/cam/20231114-1\.idx"):
            await read_day(objects, row)
        await objects.delete("default", row.key)


async def test_what_was_read_is_kept_within_its_bound(tmp_path: Path) -> None:
    store = open_store(ObjectStoreSettings(), tmp_path)
    data, _ = packed()
    objects = DayObjects({"default": store}, cache_bytes=2 * len(data))
    keys = [DayKey("cam", DAY, generation) for generation in (1, 2, 3)]
    for key in keys:
        await obstore.put_async(store, str(key), data)
        await objects.read("default", key)
        await obstore.delete_async(store, str(key))
    with pytest.raises(NotFoundError):
        await objects.read("default", keys[0])
    for key in keys[1:]:
        assert len(await objects.read("default", key)) == 24


async def test_a_store_that_nobody_set_is_away(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="nowhere"):
        await DayObjects({}, cache_bytes=0).read("nowhere", DayKey("cam", DAY, 1))


async def test_a_row_is_switched_only_by_who_saw_it_last(database_url: str) -> None:
    _, first = packed()
    _, second = packed(HOURS[:5], generation=2)
    async with index(database_url) as repository, repository.database.write() as connection:
        assert await insert_packed(connection, first)
        assert not await insert_packed(connection, second)
        assert await switch_packed(connection, first, second)
        assert not await switch_packed(connection, first, second)
        assert await list_packed(connection, "cam", BEGIN_MS, BEGIN_MS + DAY_MS) == [second]
        assert await list_packed(connection, "cam", BEGIN_MS + 5 * HOUR_MS, BEGIN_MS + DAY_MS) == []
        assert await list_packed(connection, "cam", BEGIN_MS - DAY_MS, BEGIN_MS) == []
        assert await list_packed(connection, "other", BEGIN_MS, BEGIN_MS + DAY_MS) == []
        assert not await forget_packed(connection, second), "it still stands for objects"


async def listed(repository: Repository) -> list[Segment]:
    """Rows that anybody is told of."""
    async with repository.database.read() as connection:
        await connection.execute(sa.select(1))  # begins the transaction
        return await repository.list_segments(connection, "cam", BEGIN_MS, BEGIN_MS + DAY_MS, fragments=True)


async def rows(repository: Repository) -> dict[int, int | None]:
    """Tombstones by hour."""
    async with repository.database.read() as connection:
        found = await connection.execute(table.select())
        return {(row.start_ms - BEGIN_MS) // HOUR_MS: row.tombstone_ms for row in found}


async def test_what_has_ended_becomes_rows_again_hour_by_hour(database_url: str) -> None:
    data, row = packed()
    day = decode_day(data, "it")

    async def unpack_to(before: PackedDay, hours: float, *held: int) -> PackedDay | None:
        async with repository.database.write() as connection:
            return await unpack(
                repository,
                connection,
                before,
                day,
                until_ms=BEGIN_MS + int(hours * HOUR_MS),
                tombstone_ms=7,
                is_held=lambda segment: segment.sequence in held,
            )

    async with index(database_url) as repository:
        async with repository.database.write() as connection:
            await insert_packed(connection, row)
        assert await unpack_to(row, 0.9) == row
        later = await unpack_to(row, 2.5, 1)
        assert later is not None
        assert await rows(repository) == {0: 7, 1: None}
        assert day.segments(later.kept_from_ms) == HOURS[2:]
        assert later == row_of(day, 1, later.kept_from_ms)
        assert (later.objects, later.first_ms) == (22, BEGIN_MS + 2 * HOUR_MS)
        assert await unpack_to(row, 5) is None, "the row had moved on"
        last = await unpack_to(later, 24)
        assert last is not None
        assert last.objects == 0
        assert await rows(repository) == {hour: None if hour == 1 else 7 for hour in range(24)}
        assert await listed(repository) == HOURS[1:2], (
            "a held one is there again as it was, the others are buried"
        )
        async with repository.database.write() as connection:
            assert await forget_packed(connection, last)
            assert not await forget_packed(connection, last)


async def test_an_object_that_reaches_over_the_limit_comes_back_alive(database_url: str) -> None:
    """Objects overlap after a clock's step: a long one starts first and ends last."""
    minute = replace(HOURS[0], start_ms=BEGIN_MS + 60_000, duration_ms=60_000, sequence=9)
    data, row = packed([HOURS[0], minute, HOURS[1]])
    async with index(database_url) as repository:
        async with repository.database.write() as connection:
            await insert_packed(connection, row)
            left = await unpack(
                repository,
                connection,
                row,
                decode_day(data, "it"),
                until_ms=BEGIN_MS + HOUR_MS // 2,
                tombstone_ms=7,
                is_held=lambda _: False,
            )
        assert left is not None
        assert left.objects == 1
        assert await listed(repository) == HOURS[:1]
