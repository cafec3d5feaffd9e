"""The console on a screen: what a person does there, and what they see."""

import base64
from dataclasses import dataclass

import numpy as np
from playwright.async_api import Locator, Page, expect

from simulator.scene.timecode import read_instant
from tests.console.village import USERNAME, Village
from tests.waiting import eventually

PICTURE_S = 20
"""A picture is there within so many seconds, also on a busy machine."""

LUMA = """video => {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let green = '';
  for (let at = 1; at < pixels.length; at += 4) green += String.fromCharCode(pixels[at]);
  return [canvas.height, canvas.width, btoa(green)];
}"""
"""Height, width and luma of what a video shows."""
_PROGRESS = "video => [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames]"


@dataclass(frozen=True)
class Screen:
    """One page of the console."""

    page: Page
    village: Village

    def part(self, name: str) -> Locator:
        """The part of the page with this test id."""
        return self.page.get_by_test_id(name)

    def tile(self, camera_id: str, state: str) -> Locator:
        """The wall's tile that shows a camera in this state."""
        return self.page.locator(
            f'[data-testid="wall-tile"][data-camera="cameras/{camera_id}"][data-state="{state}"]'
        )

    def place(self, index: int) -> Locator:
        """The tile at this place of the wall, whatever it shows."""
        return self.page.locator(f'[data-testid="wall-tile"][data-index="{index}"]:not([data-place="ready"])')

    async def open(self) -> None:
        """Go to the console's address."""
        await self.page.goto(self.village.url)

    async def submit(self, username: str, password: str) -> None:
        """Fill the sign-in form in and send it."""
        await self.part("username").fill(username)
        await self.part("password").fill(password)
        await self.part("sign-in-submit").click()

    async def sign_in(self, username: str = USERNAME, password: str = "") -> None:
        """Arrive at the wall."""
        await self.open()
        await self.submit(username, password or self.village.password)
        await self.is_seen(self.part("camera-tree"))

    async def watch(self, *camera_ids: str) -> None:
        """Click cameras in the tree, one after the other."""
        for camera_id in camera_ids:
            item = self.part("camera-item").and_(self.page.locator(f'[data-camera="cameras/{camera_id}"]'))
            await item.click()

    async def is_seen(self, part: Locator) -> None:
        """Wait until a part is there."""
        await expect(part).to_be_visible(timeout=PICTURE_S * 1000)


async def watch_advance(video: Locator, seconds: float = 2) -> None:
    """Wait until a video has gone on for so long and has decoded as many frames as that takes."""
    start, frames = await video.evaluate(_PROGRESS)

    async def advanced() -> bool:
        position, decoded = await video.evaluate(_PROGRESS)
        return bool(position >= start + seconds and decoded >= frames + 10 * seconds)

    await eventually(advanced, PICTURE_S)


async def burnt_in_instant(video: Locator) -> float | None:
    """The Unix time that the camera wrote into the picture on the screen."""
    return instant_of(await video.evaluate(LUMA))


def instant_of(picture: tuple[int, int, str], *, magnified: int = 1) -> float | None:
    """The Unix time in what LUMA tells of a picture that is shown so many times smaller than it was taken."""
    height, width, green = picture
    luma = np.frombuffer(base64.b64decode(green), dtype=np.uint8).reshape(height, width)
    return read_instant(luma.repeat(magnified, axis=0).repeat(magnified, axis=1))
