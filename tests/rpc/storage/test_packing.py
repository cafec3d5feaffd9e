"""The closer, beside a storage that answers: nobody can tell from an answer whether a day is packed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import obstore
import pytest
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
from snowlight.errors import DataLossError
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.rpc.status import remote_errors
from snowlight.steps import go_on
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import gap, segment
from tests.rpc.storage.test_commit import COMMITTED, DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from snowlight.steps import Reached

MINUTE_MS = 60_000
DAY_MS = 86_400_000
DAY = SystemClock().now_ms() // DAY_MS - 3
BEGIN_MS = DAY * DAY_MS
STEPS = ("pack.put_index_object", "pack.switch", "pack.delete_old")


def minute(at: int, epoch: int = 1) -> storage_pb2.Segment:
    """The day's minute of that number; the last one reaches over midnight."""
    return segment("cam", BEGIN_MS + at * MINUTE_MS + 17_000, epoch=epoch)


FOOTAGE = [minute(at) for at in (0, 1, 2, 700, 701, 1438, 1439, 1440)]


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStoreSettings:
    """The settings of an empty store; a test that uses it runs on a folder and on MinIO."""
    if request.param == "folder":
        return ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    settings: ObjectStoreSettings = request.getfixturevalue("minio_server").store(
        request.getfixturevalue("minio_bucket")
    )
    return settings


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, store)


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


async def test_answers_are_the_same_before_and_after_packing(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(
            storage, *FOOTAGE, gaps=(gap("cam", BEGIN_MS + 3 * MINUTE_MS, BEGIN_MS + 699 * MINUTE_MS),)
        )
        before = await answers(storage)
        assert len(before[0]) >= len(FOOTAGE)
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [row.objects for row in await packed(cluster)] == [7, 1]
        assert await answers(storage) == before
    async with cluster.storage() as storage:
        assert await answers(storage) == before, "also by a process that has read nothing yet"


async def test_a_storage_closes_its_own_days(cluster: Cluster) -> None:
    async with cluster.storage(pack_after_hours=24) as storage:
        await open_epoch(storage, 1)
        young = segment("cam", SystemClock().now_ms() - DAY_MS)
        await commit(storage, *FOOTAGE, young)

        async def is_packed() -> bool:
            return await row_count(cluster) == 1

        await eventually(is_packed)
        assert len((await answers(storage))[1]) == len(FOOTAGE)
        assert cluster.metric("snowlight_storage_segments_packed_total") == len(FOOTAGE)


async def test_no_answer_misses_or_doubles_a_segment_while_days_are_switched(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        known = [minute(at) for at in range(0, 60, 2)]
        await commit(storage, *known)
        stop = asyncio.Event()
        late: list[storage_pb2.Segment] = []
        asked = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=BEGIN_MS, end_ms=BEGIN_MS + DAY_MS // 2
        )

        async def ask() -> int:
            count = 0
            while not stop.is_set():
                least = [*known, *late]
                keys = [each.key for each in (await storage.ListSegments(asked)).segments]
                assert len(keys) == len(set(keys))
                assert {each.key for each in least} <= set(keys)
                count += 1
            return count

        async def pack_and_commit() -> None:
            for at in range(1, 24, 2):
                await close(cluster)
                assert await commit(storage, minute(at)) == [COMMITTED]
                late.append(minute(at))
            stop.set()

        counts, _ = await asyncio.gather(asyncio.gather(ask(), ask(), ask()), pack_and_commit())
        assert min(counts) > 0
        assert (await packed(cluster))[0].generation == 12, "the day was written anew each time"


async def test_late_segments_are_merged_into_the_next_generation(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        await close(cluster)
        late = [minute(5), minute(1000)]
        assert await commit(storage, *late) == [COMMITTED] * 2
        before = await answers(storage)
        assert {each.key for each in late} <= {each.key for each in before[1]}
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [(row.objects, row.generation) for row in await packed(cluster)] == [(9, 2), (1, 1)]
        assert await index_objects(cluster) == [str(row.key) for row in await packed(cluster)]
        assert await answers(storage) == before


async def test_a_commit_repeated_into_a_packed_day_is_a_duplicate(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        before = await answers(storage)
        await close(cluster)
        assert await commit(storage, *FOOTAGE) == [DUPLICATE] * len(FOOTAGE)
        assert await row_count(cluster) == 0
        await open_epoch(storage, 2)
        across = segment("cam", FOOTAGE[0].start_ms + 30_000, epoch=1)
        hole = minute(300)
        assert await commit(storage, across, *FOOTAGE, hole) == [
            SUPERSEDED,
            *[DUPLICATE] * len(FOOTAGE),
            COMMITTED,
        ]
        assert await commit(storage, across, hole) == [SUPERSEDED, DUPLICATE]
        assert await row_count(cluster) == 1
        await close(cluster)
        bare = (await answers(storage))[1]
        assert len(bare) == len(FOOTAGE) + 1
        assert [each for each in bare if each.key != hole.key] == before[1]


async def test_segments_repeated_while_their_day_is_packed_are_there_once(cluster: Cluster) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 2)
        footage = [minute(at, epoch=1) for at in range(0, 200, 2)]
        assert await commit(storage, *footage) == [COMMITTED] * len(footage)
        stop = asyncio.Event()

        async def repeat() -> None:
            while not stop.is_set():
                assert await commit(storage, *footage) == [DUPLICATE] * len(footage)

        async def pack() -> None:
            for at in range(1, 20, 2):
                await close(cluster)
                await commit(storage, minute(at, epoch=2))
            stop.set()

        await asyncio.gather(repeat(), repeat(), pack())
        await close(cluster)
        assert await row_count(cluster) == 0
        assert [row.objects for row in await packed(cluster)] == [len(footage) + 10]


class KilledError(BaseException):
    """As if the process had ended here: nothing catches it."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("again", [False, True], ids=["first", "next generation"])
async def test_a_closer_killed_at_any_step_leaves_every_answer_as_it_was(
    cluster: Cluster, step: str, again: bool
) -> None:
    def die(at: str) -> None:
        if at == step:
            raise KilledError

    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        if again:
            await close(cluster)
            await commit(storage, minute(900))
        before = await answers(storage)
        for late in (901, 902):
            with pytest.raises(KilledError):
                await close(cluster, die)
            assert await answers(storage) == before
            if step == "pack.delete_old":
                await commit(storage, minute(late))
                before = await answers(storage)
        await close(cluster)
        assert await answers(storage) == before
        assert await row_count(cluster) == 0
        assert await index_objects(cluster) == [str(row.key) for row in await packed(cluster)]


@pytest.mark.parametrize("damage", [b"", b"something else", None], ids=["empty", "foreign", "lost"])
async def test_a_day_whose_index_object_is_damaged_disturbs_no_other(
    cluster: Cluster, damage: bytes | None
) -> None:
    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        await close(cluster)
        timeline = (await answers(storage))[2]
        (row, _) = await packed(cluster)
    opened = open_store(cluster.store, cluster.data_dir)
    await obstore.delete_async(opened, str(row.key))
    if damage is not None:
        await obstore.put_async(opened, str(row.key), damage)
    async with cluster.storage() as storage:
        with pytest.raises(DataLossError, match=str(row.key)), remote_errors("services/storage"):
            await answers(storage)
        asked = storage_pb2.GetTimelineRequest(
            camera_uid="cam", start_ms=BEGIN_MS - DAY_MS, end_ms=BEGIN_MS + 2 * DAY_MS
        )
        assert await storage.GetTimeline(asked) == timeline
        next_day = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=BEGIN_MS + DAY_MS + 60_000, end_ms=BEGIN_MS + 2 * DAY_MS
        )
        assert [each.key for each in (await storage.ListSegments(next_day)).segments] == [FOOTAGE[-1].key]
        assert await commit(storage, FOOTAGE[0]) == [COMMITTED], "it can be played again"
        await close(cluster)
        assert await row_count(cluster) == 1, "what cannot be merged stays a row"


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
