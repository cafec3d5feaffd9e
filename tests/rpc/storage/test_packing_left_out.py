"""Rows that are deleted soon, or cannot be packed, stay rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from services.storage.index.day_objects import DayObjects
from services.storage.tables import segments as table
from snowlight.api.storage.v1 import storage_pb2
from snowlight.database import open_database
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import segment
from tests.rpc.storage.packing import (
    BEGIN_MS,
    DAY_MS,
    FOOTAGE,
    MINUTE_MS,
    close,
    closer,
    index_objects,
    packed,
    row_count,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("store")


async def test_rows_that_expire_or_are_buried_or_lack_a_footer_stay_rows(cluster: Cluster) -> None:
    await cluster.registry.put("cam", retention_days=3, created_ms=BEGIN_MS)
    async with cluster.ingest(), cluster.storage(grace_seconds=3600) as storage:

        async def is_known() -> bool:
            asked = storage_pb2.GetTimelineRequest(
                camera_uid="cam", start_ms=BEGIN_MS + 2 * DAY_MS, end_ms=BEGIN_MS + 3 * DAY_MS
            )
            return bool((await storage.GetTimeline(asked)).gaps)

        await eventually(is_known)
        await open_epoch(storage, 1)
        buried, bare = segment("other", BEGIN_MS), segment("other", BEGIN_MS + MINUTE_MS)
        plain = segment("other", BEGIN_MS + 2 * MINUTE_MS)
        await commit(storage, segment("cam", BEGIN_MS + DAY_MS - MINUTE_MS), buried, bare, plain)
        async with (
            open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
            database.write() as connection,
        ):
            is_buried = sa.and_(table.c.camera_uid == "other", table.c.start_ms == buried.start_ms)
            await connection.execute(sa.update(table).where(is_buried).values(tombstone_ms=5))
            is_bare = sa.and_(table.c.camera_uid == "other", table.c.start_ms == bare.start_ms)
            await connection.execute(sa.update(table).where(is_bare).values(fragments=b""))
        await close(cluster)
        assert [(row.camera_uid, row.objects) for row in await packed(cluster)] == [("other", 1)]
        assert await row_count(cluster) == 3


async def test_what_is_buried_while_its_day_is_packed_is_not_packed(cluster: Cluster) -> None:
    """The day is left as it was, and packed without it the next time."""

    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database:

            async def bury() -> None:
                async with database.write() as connection:
                    first = sa.and_(table.c.camera_uid == "cam", table.c.start_ms == FOOTAGE[0].start_ms)
                    await connection.execute(sa.update(table).where(first).values(tombstone_ms=5))

            burying: list[asyncio.Task[None]] = []

            class Objects(DayObjects):
                async def write(self, *args: object) -> None:
                    if not burying:
                        burying.append(asyncio.create_task(bury()))
                        await burying[0]
                    await super().write(*args)  # type: ignore[arg-type]

            async with closer(cluster, objects=Objects) as it:
                await it.close()
                assert await row_count(cluster) == 7, "the day after is packed"
                assert len(await index_objects(cluster)) == 1
                await it.close()
        assert await row_count(cluster) == 1
        assert [row.objects for row in await packed(cluster)] == [6, 1]
