"""hls.js in Chromium, on a page of another origin than the gateway's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from playwright.async_api import Page

from tests.console.screen import burnt_in_instant
from tests.parts.part import ROOT

LIBRARY = ROOT / "console/node_modules/hls.js/dist/hls.min.js"
_PAGE = Path(__file__).parent / "hls_player.html"


@dataclass(frozen=True)
class HlsPlayer:
    """One page with one player."""

    page: Page

    async def play(self, url: str, *, start: float = -1, **options: Any) -> None:
        """Begin, `start` seconds into the playlist; -1 leaves that to hls.js. `options` are hls.js's."""
        await self.page.evaluate(
            "([url, options, start]) => play(url, options, start)", [url, options, start]
        )

    async def change(self, lines: int) -> None:
        """Go on in the rendition whose pictures have so many lines."""
        await self.page.evaluate("(lines) => change(lines)", lines)

    async def pause(self) -> None:
        """Stop on a picture."""
        await self.page.evaluate("video.pause()")

    async def told(self) -> dict[str, Any]:
        """What the player says of itself now."""
        told: dict[str, Any] = await self.page.evaluate("told()")
        assert not told["errors"], told["errors"]
        return told

    async def shown(self) -> float | None:
        """The Unix time that the camera wrote into the picture on the screen; None while there is none."""
        if not (await self.told())["frames"]:
            return None
        return await burnt_in_instant(self.page.locator("video"))


@asynccontextmanager
async def serve_page() -> AsyncIterator[str]:
    """The page's address while the context is open."""
    app = web.Application()
    for path, file in (("/", _PAGE), ("/hls.js", LIBRARY)):
        app.router.add_get(path, _sender(file))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def _sender(file: Path) -> Handler:
    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(file)

    return send
