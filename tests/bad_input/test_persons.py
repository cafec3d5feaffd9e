"""What lies in another county does not exist for a person; what is theirs to see is not theirs to change."""

from datetime import timedelta
from typing import Any

import pytest

from tests.bad_input.town import ELSEWHERE, VILLAGE, Town
from tests.person import Answer, day_around, now

pytestmark = pytest.mark.asyncio(loop_scope="package")

CAMERA = {"display_name": "东门", "region": VILLAGE, "source_url": "rtsp://127.0.0.1/live"}


async def test_a_stranger_sees_neither_cameras_nor_regions(town: Town) -> None:
    assert (await town.admin.get("/v1/cameras"))["total_size"] > 0
    assert (await town.stranger.get("/v1/cameras"))["cameras"] == []
    assert (await town.stranger.get("/v1/cameras"))["total_size"] == 0
    assert (await town.stranger.get("/v1/cameras", params={"filter": "gate"}))["cameras"] == []
    regions = (await town.stranger.get("/v1/regions"))["regions"]
    assert [region["name"] for region in regions] == [ELSEWHERE]
    hidden = await town.stranger.ask("GET", "/v1/cameras", params={"region": VILLAGE})
    assert (hidden.status, hidden.json()["field"]) == (404, "region")


@pytest.mark.parametrize("camera_id", ("gate", "never-registered"))
async def test_a_stranger_cannot_tell_a_camera_from_none(town: Town, camera_id: str) -> None:
    at = f"/v1/cameras/{camera_id}"
    window = day_around(town.since)
    timeline = {"start": (now() - timedelta(minutes=1)).isoformat(), "end": now().isoformat()}
    refusals = [
        await town.stranger.ask("GET", at),
        await town.stranger.ask("GET", f"{at}/status"),
        await town.stranger.ask("GET", f"{at}/timeline", params=timeline),
        await town.stranger.ask("PATCH", at, json={"display_name": "mine"}),
        await town.stranger.ask("DELETE", at),
    ]
    asked_for: tuple[dict[str, str], ...] = (
        {"action": "live"},
        {"action": "snapshot"},
        {"action": "playback", **window},
        {"action": "export", **window},
    )
    refusals += [await town.stranger.ask("POST", f"{at}/tickets", json=body) for body in asked_for]
    for refusal in refusals:
        assert _told(refusal) == (404, "camera.not_found"), refusal


async def test_a_stranger_cannot_bring_cameras_in_or_take_them(town: Town) -> None:
    refusal = await town.stranger.ask("POST", "/v1/cameras?camera_id=theirs", json=CAMERA)
    assert _told(refusal) == (403, "auth.outside_scope")
    own = await town.stranger.add_camera("theirs", **{**CAMERA, "region": ELSEWHERE, "enabled": False})
    refusal = await town.stranger.ask("PATCH", "/v1/cameras/theirs", json={"region": VILLAGE})
    assert _told(refusal) == (403, "auth.outside_scope")
    assert (await town.stranger.camera("theirs"))["region"] == ELSEWHERE
    hidden = await town.admin.ask("GET", "/v1/cameras/theirs")
    assert _told(hidden) == (404, "camera.not_found")
    refusal = await town.admin.ask("PATCH", "/v1/cameras/gate", json={"region": ELSEWHERE})
    assert _told(refusal) == (403, "auth.outside_scope")
    headers = {"If-Match": f'"{own["etag"]}"'}
    assert (await town.stranger.ask("DELETE", "/v1/cameras/theirs", headers=headers)).status == 204


async def test_a_viewer_watches_and_changes_nothing(town: Town) -> None:
    before = await town.viewer.camera("gate")
    refusals = [
        await town.viewer.ask("POST", "/v1/cameras", json=CAMERA),
        await town.viewer.ask("PATCH", "/v1/cameras/gate", json={"enabled": False}),
        await town.viewer.ask("DELETE", "/v1/cameras/gate"),
    ]
    for refusal in refusals:
        assert _told(refusal) == (403, "auth.role_missing"), refusal
    assert await town.viewer.camera("gate") == before


@pytest.mark.parametrize("token", ("", "x", "a.b.c"))
async def test_nobody_gets_anything(town: Town, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    requests: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("GET", "/v1/regions", {}),
        ("GET", "/v1/cameras", {}),
        ("GET", "/v1/cameras/gate", {}),
        ("GET", "/v1/cameras/gate/status", {}),
        ("GET", "/v1/cameras/gate/timeline", {}),
        ("POST", "/v1/cameras", {"json": CAMERA}),
        ("POST", "/v1/cameras/gate/tickets", {"json": {"action": "live"}}),
        ("PATCH", "/v1/cameras/gate", {"json": {"enabled": False}}),
        ("DELETE", "/v1/cameras/gate", {}),
    )
    for method, path, options in requests:
        refusal = await town.nobody.ask(method, path, headers=headers, **options)
        assert refusal.status == 401, refusal
        assert refusal.content_type == "application/problem+json"


async def test_a_wrong_password_is_told_without_saying_whose(town: Town) -> None:
    answers = [
        await town.nobody.ask("POST", "/v1/session", json={"username": name, "password": "no such word"})
        for name in ("wang", "nobody-of-this-name")
    ]
    assert [answer.status for answer in answers] == [401, 401]
    first, second = ({**answer.json(), "instance": None} for answer in answers)  # each has its own request id
    assert first == second


def _told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]
