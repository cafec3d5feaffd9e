"""One camera's day: a click in its timeline plays the past."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.console.screen import PICTURE_S, Screen, burnt_in_instant, watch_advance
from tests.person import now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

PAST = timedelta(seconds=15)
"""Farther back than what the console takes for live."""
PICTURE_MS = 1000 / 15
"""How long one stands."""
FRAME_S = 0.4
"""A picture is named to its frame; its camera's clock and ours agree, and its way takes no longer."""


async def test_a_click_in_the_timeline_plays_that_instant(screen: Screen) -> None:
    wanted = max(screen.village.since, _midnight()) + timedelta(seconds=5)

    async def past() -> bool:
        return now() > wanted + PAST

    await eventually(past, 60)
    await screen.sign_in()
    await screen.watch("gate")
    tile = screen.tile("gate", "playing")
    await screen.is_seen(tile)
    await tile.get_by_test_id("open-day").click()
    await expect(screen.page.locator('.day-timeline[data-phase="ready"]')).to_be_visible()
    stage = screen.part("playback-tile")
    await expect(stage).to_have_attribute("data-mode", "live")
    await expect(stage).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)

    await screen.page.get_by_role("button", name="10 min", exact=True).click()
    clicked = time.monotonic()
    asked_ms = await _click(screen, wanted)
    await expect(stage).to_have_attribute("data-mode", "recorded")
    await expect(stage).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)
    video = screen.part("day-video")
    await watch_advance(video)
    await screen.part("play-pause").click()
    played_s = time.monotonic() - clicked

    async def named() -> bool:
        instant = await burnt_in_instant(video)
        return instant is not None and abs(instant - await _instant_ms(screen) / 1000) < FRAME_S

    await eventually(named, 5)  # the clock beside the picture follows it a few times a second
    # Two seconds were played; what is named is the picture that stands, which began up to a frame before.
    earliest_ms = asked_ms + 2_000 - PICTURE_MS
    assert earliest_ms <= await _instant_ms(screen) <= asked_ms + 1000 * played_s + 1_000

    await screen.part("back-to-live").click()
    await expect(stage).to_have_attribute("data-mode", "live")
    await expect(stage).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)
    await watch_advance(video)
    assert time.time() * 1000 - await _instant_ms(screen) < 15_000


async def _click(screen: Screen, instant: datetime) -> float:
    """Click into the timeline. Returns what that place stands for, epoch milliseconds."""
    timeline, canvas = screen.part("timeline"), screen.part("timeline-canvas")
    await expect(timeline).to_have_attribute("data-moving", "false")
    start = float(await timeline.get_attribute("data-view-start") or "nan")
    end = float(await timeline.get_attribute("data-view-end") or "nan")
    box = await canvas.bounding_box()
    assert box is not None
    x = round((instant.timestamp() * 1000 - start) / (end - start) * box["width"])
    await canvas.click(position={"x": x, "y": box["height"] / 2})
    return start + x / box["width"] * (end - start)


async def _instant_ms(screen: Screen) -> float:
    """The instant beside the picture."""
    return float(await screen.part("current-instant").get_attribute("data-instant") or "nan")


def _midnight() -> datetime:
    """When the cameras' day began."""
    return now().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
