"""What operators see of how the system does: rates by region, cameras that are away, storage."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.ingest.health.meter import HealthHour
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.instants import format_instant
from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

HOUR_MS = 3_600_000


def span(site: Site, hours: float = 1) -> dict[str, str]:
    now_ms = site.clock.now_ms()
    return {"start": format_instant(now_ms - round(hours * HOUR_MS)), "end": format_instant(now_ms)}


def near(ms: int) -> Any:
    return pytest.approx(ms, abs=10_000)


async def get(site: Site, path: str, username: str = "root", **params: str) -> tuple[int, Any]:
    return await site.call("GET", path, await site.token(username), params=params)


async def told(site: Site, path: str, username: str = "root", **params: str) -> Any:
    status, answer = await get(site, path, username, **params)
    assert status == 200, answer
    return answer


async def state(site: Site, camera_id: str, uid: str, state: str, reason: str = "") -> None:
    """The camera is in this state, and the gateway knows."""
    site.ingest.set_state(f"cameras/{camera_id}", uid, camera_pb2.CameraState.Value(state), reason)

    async def known() -> bool:
        camera = await told(site, f"/v1/cameras/{camera_id}")
        return (camera["state"], camera["state_reason"]) == (state, reason)

    await eventually(known)


async def test_the_online_rate_is_told_in_all_and_by_child_region(site: Site) -> None:
    village = await site.add_camera("east", VILLAGE)
    await site.add_camera("county", COUNTY)
    await state(site, "east", village, "ONLINE")
    site.ingest.set_state("cameras/county", await _uid(site, "county"), camera_pb2.OFFLINE, "network")
    await asyncio.sleep(0.01)  # some time must have been online
    found = await told(site, "/v1/online_rate", region=COUNTY, step="hour", **span(site))
    assert (found["region"], found["cameras"]) == (COUNTY, 2)
    assert 0 < found["rate"] < 1
    assert found["steps"][-1]["online_ms"] <= found["online_ms"] < found["enabled_ms"]
    (child,) = found["children"]
    assert (child["region"], child["display_name"], child["cameras"]) == (VILLAGE, VILLAGE, 1)
    assert child["rate"] == 1
    below = await told(site, "/v1/online_rate", "chen", **span(site))
    assert [one["region"] for one in below["children"]] == [VILLAGE]
    assert (below["cameras"], below["rate"]) == (1, 1)


async def test_hours_in_which_a_camera_lost_packets_stand_beside_the_rate(site: Site) -> None:
    village = await site.add_camera("east", VILLAGE)
    await state(site, "east", village, "ONLINE")
    await asyncio.sleep(0.01)  # some time must have been online
    hour_ms = site.clock.now_ms() // HOUR_MS * HOUR_MS
    await site.ingest.health.add([HealthHour(village, hour_ms, received=98, lost=2)])
    for step in ("hour", "day"):
        found = await told(site, "/v1/online_rate", region=COUNTY, step=step, **span(site))
        assert (found["lossy_hours"], found["children"][0]["lossy_hours"]) == (1, 1)
        assert found["steps"][-1]["lossy_hours"] == 1


async def _uid(site: Site, camera_id: str) -> str:
    return str((await told(site, f"/v1/cameras/{camera_id}"))["uid"])


async def test_the_rate_has_only_what_the_caller_sees(site: Site) -> None:
    uid = await site.add_camera("away-gate", "regions/421381101203")
    await state(site, "away-gate", uid, "ONLINE")
    found = await told(site, "/v1/online_rate", "away", **span(site))
    assert (found["cameras"], found["rate"], found["enabled_ms"]) == (0, None, 0)
    status, problem = await get(site, "/v1/online_rate", "away", region=VILLAGE, **span(site))
    assert (status, problem["code"]) == (404, "region.not_found")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"step": "week"}, "step"),
        ({"start": ""}, "start"),
        ({"end": "2020-01-01T00:00:00Z"}, "end"),
        ({"step": "hour", "start": "2020-01-01T00:00:00Z"}, "end"),
        ({"start": "2026-01-01T00:00:00"}, "start"),
    ],
)
async def test_a_question_that_cannot_be_answered_names_its_field(
    site: Site, params: dict[str, str], field: str
) -> None:
    status, problem = await get(site, "/v1/online_rate", **span(site) | params)
    assert (status, problem["field"]) == (400, field)


async def test_integrity_is_told_by_child_region_to_whom_assessment_is_open(site: Site) -> None:
    await site.add_camera("east", VILLAGE)
    await site.pass_time(HOUR_MS / 1000)

    async def known() -> bool:
        return bool((await told(site, "/v1/integrity", region=COUNTY, **span(site, 2)))["cameras"])

    await eventually(known)
    found = await told(site, "/v1/integrity", region=COUNTY, **span(site, 2))
    (child,) = found["children"]
    assert child["region"] == VILLAGE
    assert child["scheduled_ms"] == near(found["scheduled_ms"])  # it goes on between the two questions
    assert found["scheduled_ms"] > 0 == found["recorded_ms"] == found["ratio"]
    assert sum(each["ms"] for each in found["missing"]) == found["scheduled_ms"]
    everything = await told(site, "/v1/integrity", **span(site, 2))
    assert (everything["region"], everything["scheduled_ms"]) == ("", near(found["scheduled_ms"]))
    for username, region, expected in (("chen", VILLAGE, 403), ("away", COUNTY, 404)):
        assert (await get(site, "/v1/integrity", username, region=region, **span(site)))[0] == expected
    ahead = {"start": format_instant(site.clock.now_ms() + HOUR_MS)}
    ahead["end"] = format_instant(site.clock.now_ms() + 2 * HOUR_MS)
    status, problem = await get(site, "/v1/integrity", region=COUNTY, **ahead)
    assert (status, problem["field"]) == (400, "start")


async def test_cameras_that_are_away_are_listed_with_cause_and_since_when(site: Site) -> None:
    for camera_id in ("a", "b", "c"):
        uid = await site.add_camera(camera_id)
        if camera_id != "b":
            await state(site, camera_id, uid, "OFFLINE", "camera.auth_failed: 401 after Digest")
    hidden = await site.add_camera("home", ownership="HOUSEHOLD")
    await state(site, "home", hidden, "OFFLINE", "network")
    page = await told(site, "/v1/cameras:offline", page_size="1")
    assert [camera["name"] for camera in page["cameras"]] == ["cameras/a"]
    assert page["total_size"] == 3
    (first,) = page["cameras"]
    assert (first["cause"], first["state_reason"]) == (
        "camera.auth_failed",
        "camera.auth_failed: 401 after Digest",
    )
    assert first["state_time"]
    rest = await told(site, "/v1/cameras:offline", page_token=page["next_page_token"])
    assert [camera["name"] for camera in rest["cameras"]] == ["cameras/c", "cameras/home"]
    assert (await told(site, "/v1/cameras:offline", "away"))["cameras"] == []


async def test_stores_and_retention_are_told_to_those_who_answer_for_them(site: Site) -> None:
    storage = await told(site, "/v1/storage")
    (store,) = storage["stores"]
    assert (store["name"], store["state"]) == ("default", "AVAILABLE")
    capacity = store["capacity_bytes"]  # null until storage has asked the disk
    assert store["free_bytes"] == (None if capacity is None else capacity - store["used_bytes"])
    assert storage["default_store"] == "default"
    policies = (await told(site, "/v1/retention_policies"))["retention_policies"]
    assert "retentionPolicies/default" in [policy["name"] for policy in policies]
    assert all(policy["days"] >= policy["minimum_days"] >= 1 for policy in policies)
    for username in ("chen", "auditor", "resident"):
        for path in ("/v1/storage", "/v1/retention_policies"):
            assert (await get(site, path, username))[0] == 403
