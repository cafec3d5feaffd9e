"""Rotate keys: the cluster goes on with the new ones alone, and loses with the old what the page says."""

import asyncio
import csv
import io
import secrets

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from tests.cluster.person import Person, Timeline, now_ms, signed_in
from tests.cluster.recording import Recorded, hand_on
from tests.cluster.stored import BucketStore, end_ms
from tests.operations.cluster import (
    STORING,
    Cluster,
    expect_all_plays,
    sign_in_status,
    store_keys,
)
from tests.parts.minio import MinioServer
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them

RUNBOOK = "Rotate keys"


async def test_the_stores_keys(cluster: Cluster, person: Person, cameras: list[Recorded]) -> None:
    first = store_keys(cluster.folder / "keys")
    await cluster.follow(RUNBOOK, "init-store")
    for service, keys in store_keys(cluster.folder / "new-keys").items():
        cluster.snowlight.processes[service].tell(keys)
    await cluster.restart(*STORING)
    for keys in first.values():
        await asyncio.to_thread(remove_user, cluster.minio, keys["SNOWLIGHT_STORE_ACCESS_KEY"])
    removed_ms = now_ms()
    for camera in cameras:
        await person.wait_recorded(camera.name, removed_ms)
    await hand_on(cluster.snowlight, person, [each.name for each in cameras])
    bucket = cluster.administrator["SNOWLIGHT_STORE_URL"].removeprefix("s3://")
    store = BucketStore(cluster.minio, bucket)
    assert all(end_ms(store.objects(camera.uid)[-1]) > removed_ms for camera in cameras)
    await expect_oldest_and_newest_play(person, cameras)


async def test_a_databases_password(cluster: Cluster, person: Person, cameras: list[Recorded]) -> None:
    await cluster.follow(RUNBOOK, "CREATE ROLE", NEW_PASSWORD="second")
    url = cluster.snowlight.environment["SNOWLIGHT_AUTH_DATABASE_URL"]
    second = url.replace("//auth:first@", "//auth2:second@")
    cluster.snowlight.tell({"SNOWLIGHT_AUTH_DATABASE_URL": second})
    await cluster.restart("auth")
    await cluster.follow(RUNBOOK, "REASSIGN")
    await eventually(lambda: signs_in(cluster))
    await cluster.restart("auth")
    await eventually(lambda: signs_in(cluster))
    await expect_oldest_and_newest_play(person, cameras)


async def test_the_cluster_key(cluster: Cluster, person: Person, cameras: list[Recorded]) -> None:
    await cluster.follow(RUNBOOK, "audit-head")
    await cluster.snowlight.stop()
    cluster.snowlight.tell({"SNOWLIGHT_CLUSTER_KEY": secrets.token_urlsafe(32)})
    auth = cluster.snowlight.processes["auth"]
    auth.start()
    with pytest.raises(AssertionError, match=r"auth\.signing_key_sealed"):
        await auth.wait_ready()
    assert await auth.stop() == 1
    await cluster.follow(RUNBOOK, "signing_keys")
    started_ms = now_ms()
    await cluster.snowlight.start()

    assert await person.refusal("GET", "/v1/cameras") == "auth.token_invalid"
    async with signed_in(cluster.snowlight.url, cluster.username, cluster.password) as again:
        locked = [camera for camera in cameras if "@" in camera.source_url]
        for camera in locked:
            await says_why(again, camera, "camera.auth_failed")
        assert await set_sources(again, cameras) == len(locked) > 0
        for camera in cameras:
            await again.wait_recorded(camera.name, started_ms)
        await expect_oldest_and_newest_play(again, cameras)


async def expect_oldest_and_newest_play(person: Person, cameras: list[Recorded]) -> None:
    """What was recorded at the very beginning, and since the last start."""
    for camera in cameras:
        spans = (await person.timeline(camera.name, camera.start_ms)).spans
        await expect_all_plays(person, camera, Timeline([spans[0], spans[-1]], []))


async def signs_in(cluster: Cluster) -> bool:
    """The gateway reaches auth again, and auth its database."""
    return await sign_in_status(cluster.snowlight, cluster.username, cluster.password) == 200


async def says_why(person: Person, camera: Recorded, code: str) -> None:
    """Return once the camera is offline for that reason."""

    async def does() -> bool:
        told = await person.send("GET", f"/v1/{camera.name}")
        return str(told.get("state_reason", "")).startswith(code)

    await eventually(does, 60)


async def set_sources(person: Person, cameras: list[Recorded]) -> int:
    """Import the operator's own list, with each camera's credentials. Returns how many are updated."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(("camera_id", "source_url"))
    rows.writerows((camera.name.removeprefix("cameras/"), camera.source_url) for camera in cameras)
    report = await person.upload("/v1/cameras:import?update=true", file.getvalue())
    return int(report["updated"])


def remove_user(minio: MinioServer, access_key: str) -> None:
    """`mc admin user remove`."""
    administration = MinioAdmin(
        endpoint=minio.endpoint.removeprefix("http://"),
        credentials=StaticProvider(minio.access_key, minio.secret_key),
        secure=False,
    )
    administration.user_remove(access_key)
