"""Consents over HTTP, between real services: opened, withdrawn, erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.street import DAY_MS, MINUTE_MS, Street
from tests.waiting import eventually


async def test_a_neighbour_finds_the_camera_that_was_opened_to_them(street: Street) -> None:
    status, _ = await street.call("resident", "GET", "/v1/cameras/home")
    assert status == 404
    consent = await street.consent(audience={"principal": await street.name("resident")})
    assert await street.sees("resident")
    assert (await street.done("resident", "GET", "/v1/cameras/home"))["uid"] == street.home
    [told] = (await street.done("resident", "GET", "/v1/consents?camera=cameras/home"))["consents"]
    assert (told["name"], told["camera"]) == (consent["name"], "cameras/home")
    later = {"end_time": street.ahead(300 * DAY_MS)}
    renewed = await street.done("owner", "POST", f"/v1/{consent['name']}:renew", later)
    assert renewed["end_time"] == later["end_time"]
    await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {})
    status, _ = await street.call("resident", "GET", "/v1/cameras/home")
    assert status == 404


async def test_a_withdrawal_ends_a_running_stream_within_two_seconds(street: Street) -> None:
    footage = session(street.site.clock.now_ms() - 12_000, 12)
    await street.site.ingest.pictures.send(street.home, footage.init, *footage.fragments)
    consent = await street.consent()
    ticket = await street.site.ticket("home", "chen", action="live", purpose="patrol")
    playlist = f"/hls/{ticket}/live/media.m3u8"
    assert (await street.site.get(playlist))[0] == 200
    await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {})

    async def is_over() -> bool:
        return (await street.site.get(playlist))[0] == 403

    await eventually(is_over, 2)
    assert not await street.sees("chen")


async def test_a_withdrawal_that_asks_for_it_erases_what_was_recorded(street: Street) -> None:
    site = street.site
    await site.pass_time(4 * MINUTE_MS / 1000)  # the owner has had the camera for some minutes
    footage = session(site.clock.now_ms() - 3 * MINUTE_MS, 20)
    await site.commit(street.home, site.spool(street.home, footage.init, footage.fragments))
    recorded = Path(site.runtime.cluster.data_dir / "footage" / "rec" / street.home)
    assert objects_in(recorded)
    consent = await street.consent()
    withdrawn = await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {"erase": True})
    assert withdrawn["erasure"].startswith("erasures/")
    assert not await street.sees("chen")

    async def gone() -> bool:
        return not objects_in(recorded)

    await eventually(gone)
    [pending] = (await street.done("owner", "GET", "/v1/erasures"))["erasures"]
    assert (pending["name"], pending["state"]) == (withdrawn["erasure"], "pending"), (
        "the last minute may come"
    )
    assert pending["camera"] == "cameras/home"
    site.clock.ahead_s += 200

    async def done() -> bool:
        [erasure] = (await street.done("owner", "GET", "/v1/erasures"))["erasures"]
        return bool(erasure["state"] == "done")

    await eventually(done)
    assert (await street.done("chen", "GET", "/v1/erasures"))["erasures"] == []
    assert len((await street.done("root", "GET", "/v1/erasures"))["erasures"]) == 1


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("wang", "/v1/grants", {"kind": "case", "cameras": "cameras/home"}, "cameras"),
    ("wang", "/v1/grants", {"kind": "case", "cameras": [7]}, "cameras"),
    ("wang", "/v1/grants", {"kind": "emergency", "reason": "x", "cameras": ["cameras/none"]}, "cameras[0]"),
    ("wang", "/v1/grants", {"kind": "emergency", "reason": "x"}, "cameras"),
    ("wang", "/v1/grants", {"kind": "emergency", "state": "approved"}, "state"),
    ("wang", "/v1/grants", {"kind": "emergency", "camera_uids": ["home"]}, "camera_uids"),
    ("wang", "/v1/grants", {"kind": 7}, "kind"),
    ("owner", "/v1/consents", {"camera": ["cameras/home"]}, "camera"),
    ("owner", "/v1/consents", {"camera": "cameras/home", "owner": "me"}, "owner"),
    ("owner", "/v1/consents", {"camera": "", "actions": ["live"]}, "camera"),
    ("owner", "/v1/consents", {"camera": "cameras/home", "actions": ["fly"]}, "actions[0]"),
    (
        "owner",
        "/v1/consents",
        {"camera": "cameras/home", "actions": ["live"], "end_time": "soon"},
        "end_time",
    ),
]


async def test_bad_bodies_are_problems_that_name_the_field(street: Street) -> None:
    for by, path, body, field in BAD:
        status, problem = await street.call(by, "POST", path, body)
        assert (status, problem["field"]) == (400, field), (body, problem)
    for path in ("/v1/grants?page_size=0", "/v1/consents?page_size=x", "/v1/notices?page_size=1001"):
        status, problem = await street.call("owner", "GET", path)
        assert (status, problem["field"]) == (400, "page_size")
    for method, path in (("GET", "/v1/consents"), ("POST", "/v1/grants"), ("GET", "/v1/alerts")):
        options: dict[str, Any] = {"json": {}} if method == "POST" else {}
        status, problem = await street.site.call(method, path, **options)
        assert (status, problem["code"]) == (401, "auth.token_missing")
    status, problem = await street.call("owner", "GET", "/v1/consents/none")
    assert (status, problem["code"]) == (404, "consent.unknown")


def objects_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.mp4"))
