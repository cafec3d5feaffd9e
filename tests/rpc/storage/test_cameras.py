"""The camera model follows ingest's feed through restarts."""

from pathlib import Path

from services.storage.app import MIGRATIONS
from services.storage.cameras.camera import CameraRecord
from services.storage.cameras.repository import CameraRepository
from snowlight.clock import SystemClock
from snowlight.database import open_database
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.registry import CAMERA_CLASS, OWNERSHIP, REGION
from tests.waiting import eventually


def record(uid: str, retention_days: int, created_ms: int) -> CameraRecord:
    """What storage knows of a camera that the test's registry told."""
    return CameraRecord(
        uid,
        retention_days,
        created_ms,
        None,
        REGION,
        CAMERA_CLASS,
        OWNERSHIP,
        kept_days=retention_days,
        minimum_days=retention_days,
    )


async def cameras_of(cluster: Cluster, *uids: str) -> list[CameraRecord | None]:
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database:
        return [await CameraRepository(database, SystemClock()).get(uid) for uid in uids]


async def revision_of(cluster: Cluster) -> int:
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database:
        return await CameraRepository(database, SystemClock()).revision()


async def test_storage_starts_without_ingest_and_goes_on_where_it_was(cluster: Cluster) -> None:
    registry = cluster.registry
    await registry.put("a", retention_days=30, created_ms=1_000)
    await registry.put("b", retention_days=7, created_ms=2_000)

    async def is_current() -> bool:
        return await revision_of(cluster) == registry.revision

    async with cluster.storage():
        async with cluster.ingest():
            await eventually(is_current)
            await registry.put("a", retention_days=60, created_ms=1_000)
            await registry.delete("b")
            await eventually(is_current)
        async with cluster.ingest():

            async def has_asked_again() -> bool:
                return len(registry.asked) > 1

            await eventually(has_asked_again)
    kept, deleted = await cameras_of(cluster, "a", "b")
    assert kept == record("a", 60, 1_000)
    assert deleted is not None
    assert deleted.deleted_ms is not None
    assert deleted.retention_days == 7, "footage of a deleted camera stays as long as it was to"

    await registry.put("c", retention_days=1, created_ms=3_000)
    async with cluster.ingest(), cluster.storage():
        await eventually(is_current)
    assert await cameras_of(cluster, "c") == [record("c", 1, 3_000)]
    assert registry.asked == [0, 4, 4], "nothing is sent twice"


async def test_a_registry_that_began_anew_is_taken_in_whole(cluster: Cluster, tmp_path: Path) -> None:
    for uid in ("a", "b", "c"):
        await cluster.registry.put(uid, retention_days=30, created_ms=1_000)

    async def is_current() -> bool:
        return await revision_of(cluster) == cluster.registry.revision

    async with cluster.ingest(), cluster.storage():
        await eventually(is_current)
    renewed = Cluster(cluster.database_url, tmp_path)
    await renewed.registry.put("d", retention_days=30, created_ms=1_000)

    async def knows_it() -> bool:
        return await cameras_of(renewed, "d") == [record("d", 30, 1_000)]

    async with renewed.ingest(), renewed.storage():
        await eventually(knows_it)
        assert await revision_of(renewed) == 1
