"""The timeline: close views, previews, and cameras that play the past together."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Request, expect

from tests.console.screen import LUMA, PICTURE_S, Screen, burnt_in_instant, instant_of
from tests.console.village import Village
from tests.person import now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

APART_S = 0.5
"""Cameras that play together show the same instant within so much."""
GOP_S = 6
"""Key frames of these cameras are closer together."""
FRAME_S = 1 / 15
PREVIEW_SCALE = 4
"""The cameras' pictures are 640 x 360, previews 160 x 90."""

_VIDEOS = f"""() => [...document.querySelectorAll('[data-testid=playback-tile] video')]
  .filter(video => video.videoWidth > 0).map({LUMA})"""
_PREVIEW = """async part => {
  const style = getComputedStyle(part);
  const image = new Image();
  image.src = /url\\("(.*)"\\)/.exec(style.backgroundImage)[1];
  await image.decode();
  const [x, y] = style.backgroundPosition.split(' ').map(parseFloat);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [160, 90];
  const context = canvas.getContext('2d');
  context.drawImage(image, x, y);
  const pixels = context.getImageData(0, 0, 160, 90).data;
  let green = '';
  for (let at = 1; at < pixels.length; at += 4) green += String.fromCharCode(pixels[at]);
  return [90, 160, btoa(green)];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def gap(village: Village) -> AsyncIterator[tuple[datetime, datetime]]:
    """When the clinic's camera was off, with footage of all before and after."""

    async def past(instant: datetime) -> None:
        async def is_past() -> bool:
            return now() > instant

        await eventually(is_past, 60)

    async def switch(on: bool) -> None:
        clinic = await village.person.camera("clinic")
        body = {"enabled": on, "etag": clinic["etag"]}
        answer = await village.person.ask("PATCH", "/v1/cameras/clinic", json=body)
        assert answer.status == 200, answer

        async def switched() -> bool:
            return bool((await village.person.camera("clinic"))["state"] == ("ONLINE" if on else "DISABLED"))

        await eventually(switched, 30)

    await past(village.since + timedelta(seconds=15))
    await switch(False)
    off = now()
    await past(off + timedelta(seconds=6))
    on = now()
    await switch(True)
    await past(now() + timedelta(seconds=12))
    yield off, on


async def test_what_is_under_the_pointer_is_seen_and_played(
    screen: Screen, gap: tuple[datetime, datetime]
) -> None:
    await _open(screen, "gate")
    timeline = screen.part("timeline")
    await screen.page.get_by_role("button", name="10 min", exact=True).click()
    wanted = gap[0] - timedelta(seconds=5)
    await _hover(screen, wanted)
    start, end = await _view(screen)
    for _ in range(20):
        await screen.page.mouse.wheel(0, -300)
    await expect(timeline).to_have_attribute("data-moving", "false")
    near_start, near_end = await _view(screen)
    assert near_end - near_start == pytest.approx(10_000, abs=1)
    at = _share(start, end, wanted)
    assert _share(near_start, near_end, wanted) == pytest.approx(at, abs=0.1)  # it stays under the pointer

    await screen.page.mouse.wheel(0, 700)
    await _hover(screen, wanted)
    pointed_s = await _pointed(screen)
    preview = screen.part("hover-preview")
    await expect(preview).to_have_attribute("data-kind", "sharp", timeout=PICTURE_S * 1000)
    shown_s = instant_of(await preview.evaluate(_PREVIEW), magnified=PREVIEW_SCALE)
    assert shown_s is not None
    assert -FRAME_S - 1 < pointed_s - shown_s < GOP_S
    tile = screen.part("playback-tile")
    await expect(tile).to_have_attribute("data-mode", "live")  # nothing else has moved

    target = wanted - timedelta(seconds=4)
    await _hover(screen, wanted)
    await screen.page.mouse.down()
    await _hover(screen, target)
    target_s = await _pointed(screen)
    await screen.page.mouse.up()
    await expect(tile).to_have_attribute("data-mode", "recorded")
    await expect(tile).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)
    begun = time.monotonic()
    played_s = await burnt_in_instant(screen.part("day-video"))
    assert played_s is not None
    assert -APART_S < played_s - target_s < 1 + APART_S + time.monotonic() - begun

    await screen.part("play-pause").click()
    looked_at_s = float(await screen.part("current-instant").get_attribute("data-instant") or "nan") / 1000
    await screen.part("day-export").click()
    for field, around_s in (("case-start", -10), ("case-end", 10)):
        told = datetime.fromisoformat(await screen.part(field).input_value()).replace(
            tzinfo=ZoneInfo("Asia/Shanghai")
        )
        assert told.timestamp() == pytest.approx(looked_at_s + around_s, abs=1.5)


async def test_cameras_play_together_and_on_where_one_has_a_gap(
    screen: Screen, gap: tuple[datetime, datetime]
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    screen.page.on("request", note)
    await _open(screen, "gate")
    await screen.part("add-beside").click()
    await screen.part("beside-search").fill("bridge")
    await screen.part("beside-camera").click()
    await screen.part("add-beside").click()
    await screen.page.locator('[data-testid="beside-camera"][data-camera="cameras/clinic"]').click()
    tiles = screen.part("playback-tile")
    await expect(tiles).to_have_count(3)
    clinic = tiles.and_(screen.page.locator('[data-camera="cameras/clinic"]'))

    await screen.page.get_by_role("button", name="10 min", exact=True).click()
    await _click(screen, gap[0] - timedelta(seconds=6))
    await _together(screen, 3)
    await expect(clinic).to_have_attribute("data-state", "missing", timeout=PICTURE_S * 1000)
    await expect(clinic).to_contain_text("No recording: Camera disabled")
    before = await burnt_in_instant(screen.part("day-video"))
    await expect(clinic).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)
    after = await burnt_in_instant(screen.part("day-video"))
    assert before is not None and after is not None
    assert after > before + 2  # the others have played on
    await _together(screen, 3)

    await screen.part("play-pause").click()
    await _steps(screen)

    since = max(screen.village.since + timedelta(seconds=3), gap[0] - timedelta(seconds=90))
    await _click(screen, since)
    await screen.part("speed").select_option("16")
    asked.clear()

    async def quick() -> bool:
        before, begun = await _seen(screen), time.monotonic()
        await asyncio.sleep(0.5)
        after, elapsed = await _seen(screen), time.monotonic() - begun
        return bool(before and after and after[0] - before[0] > 6 * elapsed)

    await eventually(quick, PICTURE_S)
    parts = [url for url in asked if "/vod/" in url and url.endswith(".m4s")]
    assert parts
    assert all("/vod/key-" in url for url in parts)


async def _steps(screen: Screen) -> None:
    """One key for one frame, there and back."""
    video = screen.part("day-video")

    async def stands() -> bool:
        before = await burnt_in_instant(video)
        await asyncio.sleep(0.5)
        return before is not None and before == await burnt_in_instant(video)

    await eventually(stands, PICTURE_S)
    first = await burnt_in_instant(video)
    assert first is not None
    for key, frames in ((".", 1), (".", 2), (",", 1)):
        await screen.page.keyboard.press(key)

        async def stepped(frames: int = frames) -> bool:
            shown = await burnt_in_instant(video)
            return shown is not None and abs(shown - first - frames * FRAME_S) < 0.03

        await eventually(stepped, PICTURE_S)


async def _together(screen: Screen, cameras: int) -> None:
    """Wait until so many pictures are there and show the same instant, and see that they stay so."""

    async def apart() -> float | None:
        instants = await _seen(screen)
        return max(instants) - min(instants) if len(instants) == cameras else None

    async def close() -> bool:
        gap_s = await apart()
        return gap_s is not None and gap_s <= APART_S

    await eventually(close, PICTURE_S)
    for _ in range(5):
        await asyncio.sleep(0.2)
        gap_s = await apart()
        assert gap_s is None or gap_s <= APART_S


async def _seen(screen: Screen) -> list[float]:
    """The instants of the pictures, first camera first, where they can be read."""
    seen = [instant_of(picture) for picture in await screen.page.evaluate(_VIDEOS)]
    return [instant for instant in seen if instant is not None]


async def _open(screen: Screen, camera_id: str) -> None:
    await screen.sign_in()
    await screen.page.goto(f"{screen.village.url}/#/cameras/{camera_id}")
    await expect(screen.page.locator('.day-timeline[data-phase="ready"]')).to_be_visible()
    await expect(screen.part("playback-tile")).to_have_attribute(
        "data-state", "playing", timeout=PICTURE_S * 1000
    )


async def _view(screen: Screen) -> tuple[float, float]:
    """What the timeline shows, epoch milliseconds."""
    timeline = screen.part("timeline")
    await expect(timeline).to_have_attribute("data-moving", "false")
    start = await timeline.get_attribute("data-view-start")
    end = await timeline.get_attribute("data-view-end")
    return float(start or "nan"), float(end or "nan")


def _share(start: float, end: float, instant: datetime) -> float:
    return (instant.timestamp() * 1000 - start) / (end - start)


async def _hover(screen: Screen, instant: datetime) -> None:
    """Point at an instant that the timeline shows."""
    box = await screen.part("timeline-canvas").bounding_box()
    assert box is not None
    x = box["x"] + _share(*await _view(screen), instant) * box["width"]
    await screen.page.mouse.move(x, box["y"] + 50, steps=3)


async def _click(screen: Screen, instant: datetime) -> None:
    await _hover(screen, instant)
    await screen.page.mouse.down()
    await screen.page.mouse.up()


async def _pointed(screen: Screen) -> float:
    """The instant in the bubble beside the pointer, Unix time to the second."""
    text = await screen.part("hover-bubble").locator("b").inner_text()
    hours, minutes, seconds = map(int, text.split(":"))
    midnight = now().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() + hours * 3600 + minutes * 60 + seconds
