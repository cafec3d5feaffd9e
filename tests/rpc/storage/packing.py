"""A closer of the test's own, beside a storage that answers: the days it packs, and what is left of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import obstore
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from services.storage.app import MIGRATIONS
from services.storage.config import StorageSettings
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableRows
from services.storage.index.packed import PackedDay
from services.storage.index.packing import Closer, PackMetrics
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.stores.health import NoneAway
from services.storage.tables import packed_days
from services.storage.tables import segments as table
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.object_store import open_store
from snowlight.steps import go_on
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from snowlight.steps import Reached

MINUTE_MS = 60_000
DAY_MS = 86_400_000
DAY = SystemClock().now_ms() // DAY_MS - 3
BEGIN_MS = DAY * DAY_MS


def minute(at: int, epoch: int = 1) -> storage_pb2.Segment:
    """The day's minute of that number; the last one reaches over midnight."""
    return segment("cam", BEGIN_MS + at * MINUTE_MS + 17_000, epoch=epoch)


FOOTAGE = [minute(at) for at in (0, 1, 2, 700, 701, 1438, 1439, 1440)]


@asynccontextmanager
async def closer(
    cluster: Cluster, reached: Reached = go_on, objects: type[DayObjects] = DayObjects
) -> AsyncIterator[Closer]:
    """A closer of the test's own, on the cluster's database and store."""
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database:
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        yield Closer(
            PackableRows(repository),
            objects({"default": open_store(cluster.store, cluster.data_dir)}, cache_bytes=0),
            NoneAway(),
            StorageSettings(pack_pause_seconds=0),
            SystemClock(),
            PackMetrics(CollectorRegistry()),
            reached,
        )


async def close(cluster: Cluster, reached: Reached = go_on) -> None:
    """One pass of a closer."""
    async with closer(cluster, reached) as it:
        await it.close()


Answers = tuple[list[storage_pb2.Segment], list[storage_pb2.Segment], storage_pb2.GetTimelineResponse]


async def answers(storage: Storage) -> Answers:
    """What is told of the days around: with and without fragment tables, of parts and of the whole."""
    whole: list[storage_pb2.Segment] = []
    for start_ms in range(BEGIN_MS - DAY_MS, BEGIN_MS + 2 * DAY_MS, DAY_MS // 2):
        request = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=start_ms, end_ms=start_ms + DAY_MS // 2
        )
        whole += (await storage.ListSegments(request)).segments
    request = storage_pb2.ListSegmentsRequest(
        camera_uid="cam", start_ms=BEGIN_MS - DAY_MS, end_ms=BEGIN_MS + 2 * DAY_MS, without_fragments=True
    )
    bare = list((await storage.ListSegments(request)).segments)
    asked = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=BEGIN_MS - DAY_MS, end_ms=BEGIN_MS + 2 * DAY_MS
    )
    return whole, bare, await storage.GetTimeline(asked)


async def packed(cluster: Cluster) -> list[PackedDay]:
    async with (
        open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
        database.read() as connection,
    ):
        return [PackedDay(*row) for row in await connection.execute(sa.select(packed_days).order_by("day"))]


async def row_count(cluster: Cluster) -> int:
    async with (
        open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
        database.read() as connection,
    ):
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def index_objects(cluster: Cluster) -> list[str]:
    return sorted(
        meta["path"]
        for batch in obstore.list(open_store(cluster.store, cluster.data_dir), "idx")
        for meta in batch
    )
