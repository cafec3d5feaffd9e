"""Players on pages of other origins play pictures, and reach nothing else."""

from tests.rpc.gateway.site import Site

ORIGIN = {"Origin": "https://video.example"}


async def test_a_player_may_send_credentials_and_read_ranges(site: Site) -> None:
    for path in ("/hls/x/live.m3u8", "/snapshot/x.jpg"):
        async with site.http.get(path, headers=ORIGIN) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
            assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]
            assert answer.headers["Vary"] == "Origin"
        async with site.http.get(path) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_preflight_lets_players_send_headers_of_their_own(site: Site) -> None:
    asked = ORIGIN | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    async with site.http.options("/hls/x/vod/1-2.m4s", headers=asked) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert "Range" in answer.headers["Access-Control-Allow-Headers"]


async def test_nothing_else_is_open_to_other_origins(site: Site) -> None:
    asked = ORIGIN | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-snowlight-session",
    }
    for path in ("/v1/session", "/v1/cameras", "/"):
        async with site.http.options(path, headers=asked) as answer:
            assert answer.status in (404, 405)
            assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    async with site.http.get("/v1/cameras", headers=ORIGIN) as answer:
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
