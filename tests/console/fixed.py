"""A console that is told always the same, at an instant that never passes: its pictures can be compared."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, Route, WebSocketRoute

LOOKS = Path(__file__).parent / "looks"
INSTANT = datetime(2026, 3, 20, 2, 30, tzinfo=UTC)
ANSWERS: dict[str, dict[str, Any]] = json.loads((LOOKS / "answers.json").read_text())
"""What is told, by path."""
_NOTHING_NEW = "retry: 3600000\n\n"
_DATE = {"date": format_datetime(INSTANT, usegmt=True)}


async def tell_the_same(page: Page) -> None:
    """From here on the page's clock stands still and lists are those of ANSWERS. Signing in stays real."""

    async def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path == "/v1/events":
            await route.fulfill(body=_NOTHING_NEW, content_type="text/event-stream", headers=_DATE)
            return
        if route.request.method == "GET" and path in ANSWERS:
            await route.fulfill(json=ANSWERS[path], headers=_DATE)
            return
        told = await route.fetch()
        await route.fulfill(response=told, headers=told.headers | _DATE)

    async def refuse(route: Route) -> None:
        await route.abort()

    def silent(socket: WebSocketRoute) -> None:
        """Pictures never come."""

    await page.clock.set_fixed_time(INSTANT)
    await page.route("**/v1/**", answer)
    await page.route("**/hls/**", refuse)
    await page.route("**/snapshot/**", refuse)
    await page.route_web_socket("**/ws**", silent)


async def dress(page: Page, font: str) -> None:
    """Write in this font, whatever the machine has, and hide what each browser writes in its own way."""
    await page.evaluate(
        "css => {"
        "  const sheet = new CSSStyleSheet();"
        "  sheet.replaceSync(css);"
        "  document.adoptedStyleSheets = [sheet];"
        "}",
        f":root {{ --font: '{font}' !important; --digits: '{font}' !important }}"
        "video, .platform-clock, input:is([type=date], [type=datetime-local], [type=time])"
        "{ visibility: hidden !important }",
    )
    await page.evaluate("document.fonts.ready.then(() => null)")
