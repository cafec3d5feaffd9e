"""Lose MinIO: a store that begins anew and empty. Of one that comes back, tests/cluster/test_separate.py."""

import io
import json
from pathlib import Path

import pytest
from minio import Minio
from minio.deleteobjects import DeleteObject

from tests.cluster.person import now_ms
from tests.cluster.recording import hand_on, recorded_for, recording
from tests.cluster.watching import expect_live, expect_window
from tests.operations.cluster import expect_nothing_missing, shell_of
from tests.operations.guide import carry_out, commands
from tests.parts.minio import MinioServer
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them

RUNBOOK = "Lose MinIO"


@pytest.fixture
def snowlight_settings() -> dict[str, str]:
    """Bucket and index are compared all the time."""
    return {
        "SNOWLIGHT_STORAGE_RECONCILE_FIRST_SECONDS": "0",
        "SNOWLIGHT_STORAGE_RECONCILE_HOURS": str(0.5 / 3600),
        "SNOWLIGHT_STORAGE_PROBE_SECONDS": "0.5",
    }


async def test_an_empty_store_counts_as_away_until_it_has_its_name_and_nothing_new_is_lost(
    snowlight_separate: Snowlight, minio_server: MinioServer, tmp_path: Path
) -> None:
    snowlight, client = snowlight_separate, minio_server.client()
    bucket = snowlight.environment["SNOWLIGHT_STORE_URL"].removeprefix("s3://")
    async with recording(snowlight, tmp_path, 1) as (person, cameras):
        (camera,) = cameras
        await recorded_for(person, cameras, 2_000)
        await hand_on(snowlight, person, [each.name for each in cameras])
        lost_ms = now_ms()
        empty(client, bucket)
        await eventually(lambda: store_is(snowlight, "AWAY"), 60)
        await expect_live(person, camera.name, camera.stream)
        await expect_window(person, camera.name, camera.stream, lost_ms, lost_ms + 2_000)
        assert {gap.cause for gap in (await person.timeline(camera.name, camera.start_ms)).gaps} == {
            "store_outage",
            "ingest_restart",
        }

        made = await carry_out(commands(RUNBOOK, "init-store"), tmp_path, shell_of(snowlight))
        assert f"bucket {bucket} made" in made
        name = b"default"  # mc pipe
        client.put_object(
            bucket_name=bucket, object_name="meta/store", data=io.BytesIO(name), length=len(name)
        )
        await eventually(lambda: store_is(snowlight, "AVAILABLE"), 60)

        async def old_footage_is_told_as_lost() -> bool:
            gaps = (await person.timeline(camera.name, camera.start_ms)).gaps
            return {gap.cause for gap in gaps} == {"lost_object", "ingest_restart"}

        await eventually(old_footage_is_told_as_lost, 60)
        await expect_nothing_missing(person, cameras, lost_ms)
        await hand_on(snowlight, person, [each.name for each in cameras])
        await expect_window(person, camera.name, camera.stream, lost_ms, lost_ms + 2_000)


def empty(client: Minio, bucket: str) -> None:
    """Take the bucket away with all that is in it."""
    objects = client.list_objects(bucket_name=bucket, recursive=True)
    doomed = [DeleteObject(name=str(each.object_name)) for each in objects]
    assert not list(client.remove_objects(bucket_name=bucket, delete_object_list=doomed))
    client.remove_bucket(bucket_name=bucket)


async def store_is(snowlight: Snowlight, state: str) -> bool:
    """What `list-stores` tells of the store."""
    told = await snowlight.administer("list-stores")
    return bool(json.loads(told.splitlines()[0])["state"] == state)
