"""What goes wrong with a request is logged by its route."""

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from services.gateway.http.problems import problems
from snowlight.errors import DataLossError

TICKET = "header.payload.signature"


@pytest.mark.parametrize("error", [DataLossError("footage.damaged", "a hole"), RuntimeError("a bug")])
async def test_a_failure_is_logged_without_the_ticket_in_its_path(error: Exception) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise error

    site = web.Application(middlewares=[problems(lambda _request: None)])
    site.router.add_get("/hls/{ticket}/vod.m3u8", fail)
    runner = web.AppRunner(site)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        with capture_logs() as logs:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"http://{host}:{port}/hls/{TICKET}/vod.m3u8") as response,
            ):
                assert response.status == 500
    finally:
        await runner.cleanup()
    (entry,) = logs
    assert (entry["event"], entry["route"]) == ("http.failed", "/hls/{ticket}/vod.m3u8")
    assert TICKET not in str(logs)
