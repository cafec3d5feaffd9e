"""A camera's day in a browser that does not decode what the camera sends."""

from datetime import timedelta

import pytest
from playwright.async_api import Locator, expect

from tests.console.screen import Screen, burnt_in_instant, watch_advance
from tests.console.village import H265
from tests.person import now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

ENCODED_MS = 60_000
"""Footage is encoded while it is watched, by a machine that is busy."""
PAST = timedelta(seconds=30)
FRAME_S = 0.4


async def test_h265_plays_as_h264_by_itself_live_and_recorded(screen: Screen) -> None:
    wanted = screen.village.since + timedelta(seconds=2)

    async def past() -> bool:
        return now() > wanted + PAST

    await eventually(past, 60)
    at = wanted.isoformat().replace("+00:00", "Z")
    await screen.sign_in()
    await screen.page.goto(f"{screen.village.url}/#/cameras/{H265}")
    stage = screen.part("playback-tile")
    await expect(stage).to_have_attribute("data-mode", "live")
    await _is_converted(screen, stage)

    await screen.page.goto(f"{screen.village.url}/#/cameras/{H265}?at={at}")
    await expect(stage).to_have_attribute("data-mode", "recorded")
    await _is_converted(screen, stage)
    await screen.part("play-pause").click()
    video = screen.part("day-video")

    async def named() -> bool:
        instant = await burnt_in_instant(video)
        told = float(await screen.part("current-instant").get_attribute("data-instant") or "nan")
        return instant is not None and abs(instant - told / 1000) < FRAME_S

    await eventually(named, 30)
    await screen.part("play-pause").click()

    speed = screen.page.get_by_label("Speed")
    await speed.select_option("8")
    await expect(stage).to_have_attribute("data-state", "tooFast", timeout=ENCODED_MS)
    await expect(stage).to_contain_text("This browser cannot decode H.265")
    await expect(stage).to_contain_text("4× or slower")
    await speed.select_option("1")
    await _is_converted(screen, stage)


async def _is_converted(screen: Screen, stage: Locator) -> None:
    """It plays, and says as what."""
    await expect(stage).to_have_attribute("data-state", "playing", timeout=ENCODED_MS)
    await expect(screen.part("converted")).to_have_text("Played as H.264")
    await watch_advance(screen.part("day-video"), 1)
