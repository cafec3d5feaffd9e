"""Every screen looks as it did, in both languages. `make looks` takes new pictures (docs/console.md)."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import ViewportSize

from tests.console.fixed import ANSWERS, LOOKS, dress, tell_the_same
from tests.console.picture import (
    MOST_BYTES,
    different_cells,
    is_alike,
    pixels_of,
    reduced,
    write_difference,
)
from tests.console.screen import Screen
from tests.console.village import USERNAME
from tests.openapi_document import Documented
from tests.waiting import eventually

_ON_SCREEN = pytest.mark.asyncio(loop_scope="package")

SIZE = ViewportSize(width=1280, height=800)
SETTLED_S = 8
"""On a busy machine too a screen is painted within so many seconds."""
SCREENS = {
    "wall": "",
    "day": "cameras/gate/2026-03-19",
    "find": "find",
    "exports": "exports",
    **{page: f"operate/{page}" for page in ("dashboard", "import", "people", "sets", "grants", "consents")},
}


@dataclass
class Album:
    """The pictures kept of one language."""

    screen: Screen
    language: str
    folder: Path
    """For what a person looks at when something has changed."""
    renew: bool
    changed: list[str] = field(default_factory=list)

    async def compare(self, name: str) -> None:
        """Note in `changed` when the screen does not come to look like its picture. Or take that anew."""
        path = LOOKS / f"{name}.{self.language}.webp"
        if self.renew:
            path.write_bytes(reduced(await self._settled()))
            assert path.stat().st_size <= MOST_BYTES
            return
        kept = path.read_bytes()
        expected = pixels_of(kept)
        shown = b""

        async def alike() -> bool:
            nonlocal shown
            shown = await self._taken()
            return is_alike(different_cells(expected, pixels_of(shown)))

        try:
            await eventually(alike, SETTLED_S)
        except TimeoutError:
            self.changed.append(str(write_difference(self.folder, path.stem, kept, shown)))

    async def _taken(self) -> bytes:
        page = self.screen.page
        await page.mouse.move(0, 0)
        return await page.screenshot(animations="disabled", caret="hide")

    async def _settled(self) -> bytes:
        """When nothing moves any more."""
        shown = b""

        async def still() -> bool:
            nonlocal shown
            before, shown = shown, await self._taken()
            await self.screen.page.wait_for_timeout(1000)
            return before == shown

        await eventually(still)
        return shown


@_ON_SCREEN
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_every_screen_looks_as_it_did(
    screen: Screen, chinese_font: str, language: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    page = screen.page
    album = Album(screen, language, tmp_path, renew=request.config.getoption("--renew-looks"))
    await page.set_viewport_size(SIZE)
    await tell_the_same(page)
    await screen.open()
    await dress(page, chinese_font)
    if language != "en":
        await screen.part("language").click()
    await album.compare("sign-in")
    await screen.submit(USERNAME, screen.village.password)
    for camera_id in ("gate", "bridge", "tower", "river"):
        await screen.watch(camera_id)
    for name, address in SCREENS.items():
        if address:
            await page.goto(f"{screen.village.url}/#/{address}")
        await screen.is_seen(page.get_by_role("main").get_by_role("heading").first)
        await album.compare(name)
    assert album.changed == [], "if they are meant to look so: make looks"


@_ON_SCREEN
async def test_what_the_pictures_show_is_what_a_cluster_tells(screen: Screen) -> None:
    told = Documented(await screen.village.person.get("/v1/openapi.json"))
    for path, answer in ANSWERS.items():
        assert told.faults("GET", path, 200, answer) == []


def test_a_button_gone_is_seen_and_a_pixel_of_place_is_not() -> None:
    people = pixels_of((LOOKS / "people.en.webp").read_bytes())
    moved = np.roll(people, 1, axis=1)
    assert is_alike(different_cells(people, moved))
    blue = (people[..., 2] > 200) & (people[..., 0] < 90)
    assert blue.any()
    gone, otherwise = people.copy(), people.copy()
    gone[blue] = people[790, 1200]
    otherwise[blue] = people[blue][:, ::-1]
    for changed in (gone, otherwise, np.roll(people, 8, axis=0), people[:-8]):
        assert not is_alike(different_cells(people, changed))
