"""Who gets in, over HTTP: tokens, the console's session, tickets."""

import asyncio
import base64
import json
from pathlib import Path

import aiohttp
import pytest

from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from simulator.ports import free_port
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime
from tests.parts.password import PASSWORD
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import Site

RENEW = {"X-Snowlight-Session": "renew"}


async def test_tokens_by_rfc_6749_and_their_errors(site: Site) -> None:
    form = {"grant_type": "password", "username": "chen", "password": PASSWORD}
    status, issued = await site.call("POST", "/v1/token", data=form)
    assert status == 200
    assert set(issued) == {"access_token", "refresh_token", "expires_in", "token_type"}
    renewal = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    status, renewed = await site.call("POST", "/v1/token", data=renewal)
    assert status == 200
    status, _ = await site.call("POST", "/v1/token/revoke", data={"token": renewed["refresh_token"]})
    assert status == 200
    for wrong, error in (
        (form | {"password": "no"}, "invalid_grant"),
        (renewal | {"refresh_token": renewed["refresh_token"]}, "invalid_grant"),
        (form | {"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "chen"}, "invalid_request"),
        ({}, "invalid_request"),
    ):
        status, answer = await site.call("POST", "/v1/token", data=wrong)
        assert (status, answer["error"]) == (400, error), answer
        assert answer["status"] == 400
        assert "no" not in answer["error_description"].split("'")
    status, answer = await site.call("POST", "/v1/token", json=form)
    assert (status, answer["error"]) == (400, "invalid_request")


async def test_the_session_lives_in_a_cookie_that_only_its_own_path_gets(site: Site) -> None:
    body = {"username": "chen", "password": PASSWORD}
    async with site.http.post("/v1/session", json=body) as response:
        assert response.status == 200
        answer = await response.json()
        cookie = response.headers["Set-Cookie"]
    assert answer["principal"]["display_name"] == "chen"
    assert answer["principal"]["roles"] == ["VIEWER"]
    assert answer["principal"]["line"] == "GOVERNMENT"
    assert "refresh_token" not in answer
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/v1/session"):
        assert attribute in cookie
    assert (await site.call("GET", "/v1/regions", answer["access_token"]))[0] == 200

    status, _ = await site.call("DELETE", "/v1/session")
    assert status == 403  # another site's form could send this one
    status, renewed = await site.call("POST", "/v1/session", headers=RENEW)
    assert status == 200
    assert renewed["principal"]["name"] == answer["principal"]["name"]
    assert (await site.call("DELETE", "/v1/session", headers=RENEW))[0] == 204
    status, answer = await site.call("POST", "/v1/session", headers=RENEW)
    assert (status, answer["code"]) == (401, "auth.no_session")
    status, answer = await site.call("POST", "/v1/session", json=body | {"password": "no"})
    assert status == 401
    status, answer = await site.call("POST", "/v1/session", json={"username": "chen"})
    assert (status, answer["field"]) == (400, "password")


async def test_who_failed_too_often_is_told_when_to_try_again(site: Site) -> None:
    body = {"username": "chen", "password": "no"}
    for _ in range(5):
        assert (await site.call("POST", "/v1/session", json=body))[0] == 401
    good = {"username": "chen", "password": PASSWORD}
    form = good | {"grant_type": "password"}
    for request in (site.http.post("/v1/session", json=good), site.http.post("/v1/token", data=form)):
        async with request as response:
            assert response.status == 429
            wait_s = int(response.headers["Retry-After"])
            assert 280 < wait_s <= 300
    site.clock.ahead_s += wait_s
    assert (await site.call("POST", "/v1/session", json=good))[0] == 200


async def test_tabs_that_renew_at_once_all_stay_signed_in(site: Site) -> None:
    async with site.http.post("/v1/session", json={"username": "chen", "password": PASSWORD}) as response:
        shared = response.cookies["snowlight_session"].value
    async with aiohttp.ClientSession(site.url, cookie_jar=aiohttp.DummyCookieJar()) as tabs:

        async def renew(cookie: str) -> str:
            headers = RENEW | {"Cookie": f"snowlight_session={cookie}"}
            async with tabs.post("/v1/session", headers=headers) as response:
                assert response.status == 200, await response.text()
                return response.cookies["snowlight_session"].value

        overwritten, kept = await asyncio.gather(renew(shared), renew(shared))
        assert len({shared, overwritten, kept}) == 3
        site.clock.ahead_s += 60
        await asyncio.gather(renew(kept), renew(kept))
        async with tabs.post(
            "/v1/session", headers=RENEW | {"Cookie": f"snowlight_session={shared}"}
        ) as response:
            assert response.status == 401  # long after, it is somebody else's


@pytest.mark.parametrize("authorization", ["", "Basic x", "Bearer", "Bearer x", "Bearer a.b.c"])
async def test_no_answer_without_an_access_token(site: Site, authorization: str) -> None:
    for path in ("/v1/regions", "/v1/cameras", "/v1/cameras/gate", "/v1/cameras/gate/status"):
        headers = {"Authorization": authorization} if authorization else {}
        async with site.http.get(path, headers=headers) as response:
            assert response.status == 401, path
            assert response.content_type == "application/problem+json"
            assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_access_token_is_401(site: Site) -> None:
    token = await site.token()
    site.clock.ahead_s += 3600
    status, answer = await site.call("GET", "/v1/regions", token)
    assert (status, answer["code"]) == (401, "auth.token_expired")


async def test_a_ticket_opens_its_own_camera_and_action_until_it_expires(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    ticket = await site.ticket("gate", action="live")
    access_token = await site.token()
    parts = ("live.m3u8", "live/media.m3u8", f"live/{footage.init.session}.m4s")
    init = f"live/init-{footage.init.init8}-{footage.init.session}.mp4"
    for part in (*parts, init):
        assert (await site.get(f"/hls/{ticket}/{part}"))[0] == 200

    forged = [_altered(ticket), ticket[:-4], ticket + "AAAA", "garbage", "a.b.c", access_token, "%00", "é"]
    for part in (*parts, init, "vod.m3u8", "vod/1-1.m4s", "vod/init-1.mp4", "elsewhere"):
        for wrong in forged:
            status, body = await site.get(f"/hls/{wrong}/{part}")
            assert status == 401, (wrong, part, body)
            assert b"moof" not in body
        assert (await site.get(f"/hls/{part}"))[0] == 401
        assert (await site.get(f"/hls//{part}"))[0] == 401
    for part in ("vod.m3u8", f"vod/{footage.fragments[0].start_ms}-1.m4s", "vod/init-1.mp4"):
        status, answer = await site.call("GET", f"/hls/{ticket}/{part}")
        assert (status, answer["code"]) == (403, "ticket.wrong_action"), part
    assert (await site.get(f"/hls/{ticket}/elsewhere"))[0] == 404

    site.clock.ahead_s += 12 * 3600 + 1
    for part in parts:
        status, answer = await site.call("GET", f"/hls/{ticket}/{part}")
        assert (status, answer["code"]) == (410, "ticket.expired")


async def test_a_ticket_dies_with_its_camera(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    ticket = await site.ticket("gate", action="live")
    assert (await site.get(f"/hls/{ticket}/live/media.m3u8"))[0] == 200
    assert (await site.call("DELETE", "/v1/cameras/gate", await site.token("root")))[0] == 204
    status, answer = await site.call("GET", f"/hls/{ticket}/live/media.m3u8")
    assert (status, answer["code"]) == (403, "ticket.camera_gone")


async def test_tickets_are_refused_by_right_and_by_form(site: Site) -> None:
    await site.add_camera("gate")
    await site.add_camera("home", ownership="HOUSEHOLD")
    path, token = "/v1/cameras/gate/tickets", await site.token()
    for body, field in (
        ({}, "action"),
        ({"action": "fly"}, "action"),
        ({"action": 1}, "action"),
        ({"action": "playback"}, "start"),
        ({"action": "playback", "start": "2026-01-01T00:00:00Z"}, "end"),
        ({"action": "live", "start": "2026-01-01T00:00:00Z"}, "start"),
        ({"action": "live", "colour": "red"}, "colour"),
    ):
        status, answer = await site.call("POST", path, token, json=body)
        assert (status, answer["field"]) == (400, field), body
    day = {"action": "playback", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    assert (await site.call("POST", path, await site.token("root"), json=day))[0] == 200
    status, answer = await site.call("POST", path, token, json=day)
    assert (status, answer["code"]) == (403, "auth.too_old")
    status, answer = await site.call("POST", path, token, json=day | {"end": "2026-01-02T00:00:00.001Z"})
    assert (status, answer["field"], answer["detail"]) == (
        400,
        "end",
        "end must be at most 24 hours after start",
    )
    status, answer = await site.call("POST", "/v1/cameras/home/tickets", token, json={"action": "live"})
    assert (status, answer["code"]) == (403, "auth.household_camera")
    status, _ = await site.call("POST", path, await site.token("away"), json={"action": "live"})
    assert status == 404
    status, _ = await site.call("POST", path, await site.token("auditor"), json={"action": "live"})
    assert status == 404


def _altered(ticket: str) -> str:
    """The ticket for another camera, under the old signature."""
    header, payload, signature = ticket.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["cam"] = "another"
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{payload}.{signature}"


async def test_without_its_peers_the_site_says_so_and_tells_no_address(tmp_path: Path) -> None:
    cluster = ClusterSettings(
        data_dir=tmp_path, auth_address="127.0.0.1:1", ingest_address="127.0.0.1:1", drain_seconds=0.1
    )
    runtime = build_runtime("gateway", cluster, create_key=True)
    port = free_port()
    settings = GatewaySettings(listen=f"127.0.0.1:{port}")
    async with run_gateway(runtime, settings), aiohttp.ClientSession() as http:
        assert runtime.health.waiting_for() == ["gateway.cameras", "gateway.revocations"]
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        async with http.post(f"http://127.0.0.1:{port}/v1/token", data=form) as response:
            assert response.status == 503
            assert "127.0.0.1" not in await response.text()
            assert response.headers["Retry-After"]
