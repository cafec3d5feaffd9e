"""Back up, and restore: all databases are lost with their server, and what the page says comes back."""

import shutil
import signal
from typing import Any

import pytest

from tests.cluster.person import COUNTY, Person, now_ms
from tests.cluster.playlist import rfc3339
from tests.cluster.recording import Recorded, hand_on
from tests.operations.cluster import Cluster, expect_all_plays, sign_in_status, up_to
from tests.parts.postgres import PostgresServer

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them


async def test_the_backup_comes_back_on_an_empty_server_and_what_was_recorded_since(
    cluster: Cluster,
    person: Person,
    cameras: list[Recorded],
    own_postgres: PostgresServer,
    empty_postgres: PostgresServer,
) -> None:
    snowlight = cluster.snowlight
    early = await add_viewer(cluster, "early")
    await set_retention(cluster, 40)
    await cluster.follow("Back up", "pg_dump")
    backed_up_ms = now_ms()

    late = await add_viewer(cluster, "late")
    await person.create_camera("late", cameras[0].source_url)
    await person.wait_recorded("cameras/late", backed_up_ms)
    hold = await hold_all(cluster, cameras[0])
    await set_retention(cluster, 60)
    await cluster.follow("Back up", "audit-head")
    await hand_on(snowlight, person, [each.name for each in cameras])
    told = {each.uid: await person.timeline(each.name, each.start_ms) for each in cameras}
    await snowlight.stop()

    await cluster.follow("Restore", "pg_restore")  # over what is there, as where only its content is wrong
    own_postgres.stop()
    cluster.move(empty_postgres)
    await cluster.follow("Install", "CREATE DATABASE")
    await cluster.follow("Restore", "pg_restore")
    await cluster.follow("Restore", "feeds")
    started_ms = now_ms()
    await snowlight.start()
    await cluster.follow("Restore", "rebuild")

    assert await sign_in_status(cluster.snowlight, "early", early) == 200
    assert await sign_in_status(cluster.snowlight, "late", late) == 400
    assert await person.refusal("GET", "/v1/cameras/late") == "camera.not_found"
    for camera in cameras:
        await person.wait_recorded(camera.name, started_ms)
        before = told[camera.uid]
        end_ms = before.spans[-1].end_ms
        after = await person.timeline(camera.name, camera.start_ms)
        assert up_to(after, end_ms) == up_to(before, end_ms)
        await expect_all_plays(person, camera, before)
    assert hold in await snowlight.administer("list-holds")
    assert '"days": 60' in await snowlight.administer("list-retention")
    told_of = await cluster.follow("Restore", "verify-audit", expected_status=1)
    assert "head_differs: the chain is not that of a head which was kept" in told_of


async def test_what_the_servers_log_has_comes_back_with_it(
    cluster: Cluster, person: Person, cameras: list[Recorded]
) -> None:
    snowlight, server = cluster.snowlight, cluster.postgres
    data, archive = server.folder / "data", server.folder / "archive"
    archive.mkdir()
    server.own(archive)
    log: dict[str, Any] = {"WAL_ARCHIVE": str(archive), "PGDATA": str(data)}
    await snowlight.stop()
    await cluster.follow("Back up", "archive_mode", **log)
    server.stop()
    server.start()
    await snowlight.start()
    await cluster.follow("Back up", "pg_basebackup")

    night = await add_viewer(cluster, "night")
    since_ms = now_ms()
    await person.create_camera("night", cameras[0].source_url)
    await person.wait_recorded("cameras/night", since_ms)
    (cluster.folder / "heads").unlink(missing_ok=True)  # of a chain before another restore
    await cluster.follow("Back up", "audit-head")
    await hand_on(snowlight, person, [each.name for each in cameras])
    told = {each.uid: await person.timeline(each.name, each.start_ms) for each in cameras}
    await snowlight.stop()
    await server.archive_log()
    server.stop(signal.SIGQUIT)
    shutil.rmtree(data)
    data.mkdir()
    await cluster.follow("Restore", "recovery.signal", **log)
    server.own(data)
    server.start()
    await cluster.follow("Restore", "feeds")
    started_ms = now_ms()
    await snowlight.start()
    await cluster.follow("Restore", "rebuild")

    assert await sign_in_status(snowlight, "night", night) == 200
    await person.wait_recorded("cameras/night", started_ms)
    for camera in cameras:
        before = told[camera.uid]
        end_ms = before.spans[-1].end_ms
        after = await person.timeline(camera.name, camera.start_ms)
        assert up_to(after, end_ms) == up_to(before, end_ms)
    await cluster.follow("Restore", "verify-audit")


async def add_viewer(cluster: Cluster, username: str) -> str:
    """Somebody of the county. Returns the password."""
    scope = f"regions/{COUNTY}"
    return await cluster.snowlight.add_operator(username, scope=scope, line="government", role="viewer")


async def set_retention(cluster: Cluster, days: int) -> None:
    """For how long the county's footage is kept."""
    policy = ("--policy", f"region-{COUNTY}", "--days", str(days), "--by", "li")
    await cluster.snowlight.administer("set-retention", *policy)


async def hold_all(cluster: Cluster, camera: Recorded) -> str:
    """A hold on what there is of the camera. Returns what `create-hold` prints of it."""
    window = ("--start", rfc3339(camera.start_ms), "--end", rfc3339(now_ms()))
    case = ("--case", "A4213-2026-0117", "--reason", "theft at the east gate", "--by", "Li")
    return await cluster.snowlight.administer("create-hold", "--camera", camera.name, *window, *case)
