"""How well a camera's stream comes is told to whoever sees it, its last day to whom its past may be told."""

from __future__ import annotations

from typing import Any

from snowlight.api.ingest.v1 import camera_pb2
from tests.openapi_document import Documented
from tests.rpc.gateway.events import listening
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.streaming import come, look
from tests.rpc.gateway.street import Street


async def health(site: Site, camera: str, username: str = "root") -> Any:
    status, answer = await site.call("GET", f"/v1/{camera}/health", await site.token(username))
    assert status == 200, answer
    return answer


async def test_the_last_minute_and_the_last_day_are_told(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    camera = "cameras/east"
    answer = await health(site, camera)
    assert answer == {"name": camera, "uid": uid, "reconnects_last_day": 0, "hours": []}
    come(site, uid, camera, lost=20)
    look(site)
    answer = await health(site, camera, "chen")
    stream = answer["stream"]
    assert stream.pop("time")
    assert stream.pop("last_key_frame_time")
    assert stream == {
        "bits_per_second": 2_000_000,
        "frames_per_second": 24,
        "gop_ms": 2000,
        "gop_pictures": 48,
        "loss": 0.02,
        "jitter_ms": 7.3,
        "clock_offset_ms": -250,
        "reconnects": 0,
    }
    (hour,) = answer["hours"]
    assert (hour["bits_per_second"], hour["loss"], hour["jitter_ms"]) == (2_000_000, 0.02, 7)
    document = Documented(await site.openapi())
    assert not document.faults("GET", "/v1/cameras/east/health", 200, answer)


async def test_a_camera_that_is_not_seen_is_not_found(site: Site) -> None:
    await site.add_camera("east", VILLAGE)
    for camera, username in (("east", "away"), ("none", "root")):
        status, problem = await site.call("GET", f"/v1/cameras/{camera}/health", await site.token(username))
        assert (status, problem["code"]) == (404, "camera.not_found")


async def test_who_is_not_told_all_the_past_hears_of_the_last_minute_alone(street: Street) -> None:
    site = street.site
    audience = {"principal": await street.name("away")}
    await street.consent(audience=audience)
    come(site, street.home, "cameras/home")
    look(site)
    answer = await health(site, "cameras/home", "away")
    assert answer["stream"]["bits_per_second"] == 2_000_000
    assert "reconnects" not in answer["stream"]
    assert "reconnects_last_day" not in answer
    assert answer["hours"] == []
    assert len((await health(site, "cameras/home"))["hours"]) == 1


async def test_health_that_changes_is_told_as_it_does_and_what_stays_is_not(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    only = {"types": "camera_health"}
    async with listening(site, **only) as client, listening(site, username="away", **only) as stranger:
        await client.synced()
        await stranger.synced()
        for lost in (0, 0, 100):
            come(site, uid, "cameras/east", lost=lost)
            look(site)
        first, second = await client.take(2)
        assert (first.kind, first.data["uid"], first.data["region"]) == ("camera_health", uid, VILLAGE)
        assert (first.data["loss"], second.data["loss"]) == (0, 0.1)
        assert "reconnects" not in first.data
        assert await client.quiet()
        assert await stranger.quiet()
    async with listening(site, last_id=first.id) as client:
        assert await client.take(1) == [second]


async def test_what_a_camera_that_is_away_sent_last_is_its_hour_and_not_its_health(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    come(site, uid, "cameras/east")
    look(site)
    site.ingest.set_state("cameras/east", uid, camera_pb2.OFFLINE, "network")
    answer = await health(site, "cameras/east")
    assert "stream" not in answer
    assert len(answer["hours"]) == 1
    come(site, uid, "cameras/east")
    look(site)
    answer = await health(site, "cameras/east")
    assert (answer["stream"]["reconnects"], answer["reconnects_last_day"]) == (1, 1)
