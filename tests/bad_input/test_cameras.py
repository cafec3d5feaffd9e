"""Whatever a camera does ends in a reason people understand and another attempt, and disturbs no other."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from simulator.ports import free_port
from tests.bad_input.cameras import BAD_CAMERAS, GOOD, BadCamera
from tests.bad_input.town import GROUP, VILLAGE, Town
from tests.person import now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

RIPE_S = 60
"""The slowest of them is given up 15 s after it was connected to, and tried again within 2 s."""

each_bad_camera = pytest.mark.parametrize("bad", BAD_CAMERAS, ids=lambda bad: bad.id)


@each_bad_camera
async def test_its_state_says_why(town: Town, bad: BadCamera) -> None:
    async def told() -> bool:
        changes = (await town.admin.status(bad.id))["changes"]
        return any(change["state"] == "OFFLINE" for change in changes)

    await eventually(told, RIPE_S)
    changes = (await town.admin.status(bad.id))["changes"]
    reasons = {change["reason"] for change in changes if change["state"] == "OFFLINE"}
    assert all(map(bad.explains, reasons)), reasons

    async def everywhere() -> bool:
        camera = await town.viewer.camera(bad.id)
        return camera["state"] == "OFFLINE" and bad.explains(camera["state_reason"])

    await eventually(everywhere)


@each_bad_camera
async def test_it_is_tried_again(town: Town, bad: BadCamera) -> None:
    async def twice() -> bool:
        return town.attempts()[bad.id] >= 2

    await eventually(twice, RIPE_S)


@each_bad_camera
async def test_the_time_without_pictures_is_on_record_with_its_cause(town: Town, bad: BadCamera) -> None:
    async def on_record() -> bool:
        since = datetime.fromisoformat((await town.admin.camera(bad.id))["create_time"])
        timeline = await town.admin.timeline(bad.id, since, now())
        return any(gap["cause"] == bad.cause for gap in timeline["gaps"])

    await eventually(on_record, RIPE_S)


async def test_a_camera_that_closes_is_recorded_in_between(town: Town) -> None:
    async def came_back() -> bool:
        states = [change["state"] for change in (await town.admin.status("closes-every-3-s"))["changes"]]
        return states.count("ONLINE") >= 2 and states.count("OFFLINE") >= 2

    await eventually(came_back, RIPE_S)
    created = datetime.fromisoformat((await town.admin.camera("closes-every-3-s"))["create_time"])
    timeline = await town.admin.timeline("closes-every-3-s", created, now())
    assert len(timeline["spans"]) >= 2, timeline


async def test_a_camera_plays_once_what_was_refused_listens(town: Town) -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/bridge"
    await town.admin.add_camera("late", region=VILLAGE, source_url=url)

    async def refused() -> bool:
        return town.attempts()["late"] >= 2

    await eventually(refused)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", town.places.server.port)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_pump(reader, inner_writer))
                ways.create_task(_pump(inner_reader, writer))
        except* ConnectionError:
            pass

    async with await asyncio.start_server(relay, "127.0.0.1", port):
        await eventually(lambda: _is_online(town, "late"), RIPE_S)
        await _delete(town, "late")


async def test_a_camera_plays_once_its_password_is_mended(town: Town) -> None:
    wrong, right = (town.places.rtsp("digest", password) for password in ("wrong", town.places.password))
    await town.admin.add_camera("mistyped", region=GROUP, source_url=wrong)

    async def refused() -> bool:
        return town.attempts()["mistyped"] >= 1

    await eventually(refused)
    assert (await town.admin.ask("PATCH", "/v1/cameras/mistyped", json={"source_url": right})).status == 200
    await eventually(lambda: _is_online(town, "mistyped"))
    await _delete(town, "mistyped")


@pytest.mark.parametrize("camera_id", GOOD)
async def test_no_other_camera_is_disturbed(town: Town, camera_id: str) -> None:
    async def all_have_failed_twice() -> bool:
        attempts = town.attempts()
        return all(attempts[bad.id] >= 2 for bad in BAD_CAMERAS)

    await eventually(all_have_failed_twice, RIPE_S)
    until = now()

    async def recorded_until_then() -> bool:
        timeline = await town.admin.timeline(camera_id, town.since, now())
        return bool(timeline["spans"]) and _instant(timeline["spans"][-1]["end"]) > until

    await eventually(recorded_until_then)
    timeline = await town.admin.timeline(camera_id, town.since, until)
    assert timeline["gaps"] == []
    assert len(timeline["spans"]) == 1
    status: dict[str, Any] = await town.admin.status(camera_id)
    assert status["packets_lost"] == 0
    assert [change["state"] for change in status["changes"]] == ["ONLINE", "CONNECTING"]


async def _is_online(town: Town, camera_id: str) -> bool:
    return bool((await town.admin.camera(camera_id))["state"] == "ONLINE")


async def _delete(town: Town, camera_id: str) -> None:
    assert (await town.admin.ask("DELETE", f"/v1/cameras/{camera_id}")).status == 204


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
