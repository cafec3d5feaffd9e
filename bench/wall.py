"""The console's wall of sixteen in a browser: `python -m bench wall`.

`snowlight all` with sixteen simulated cameras of 640 x 360 (H.264, 15 pictures a second, every other one with
sound), and headless Chromium with a screen of 1920 x 1080 that shows them all. Once a second each tile is
asked where it is; each half minute the garbage is collected and what is left on the JavaScript heap counted.
Nothing is pinned: the cameras and this program are one process, the browser several, and Snowlight one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, CDPSession, expect

from bench.pictures import percentiles
from bench.processes import cpu_s, resident_set_mb
from bench.steadiness import Slope, Tile, slope_of
from tests.console.screen import Screen
from tests.console.village import WALL, run_village
from tests.parts.chromium import find_chromium, run_chromium

TILES = 16
WARM_UP_S = 60.0
"""From when all play: until buffers are as long as they get and every function is compiled."""
TICK_S = 1.0
COLLECT_EVERY_S = 30.0
DRIFT_S = 2.0
FLAT_KB_PER_MIN = 10.0
"""100 MB in a week."""
_READY_S = 90.0

_LOOK = """tiles => tiles.map(tile => {
  const video = tile.querySelector('video');
  const { buffered } = video;
  const { droppedVideoFrames, totalVideoFrames } = video.getVideoPlaybackQuality();
  const clock = tile.querySelector('time');
  return {
    camera: tile.dataset.camera,
    playing: tile.dataset.state === 'playing',
    position: video.currentTime,
    end: buffered.length ? buffered.end(buffered.length - 1) : 0,
    age: clock === null ? null : (Date.now() - Number(clock.dataset.instant)) / 1000,
    dropped: droppedVideoFrames,
    pictures: totalVideoFrames,
  };
})"""


def main() -> None:
    """Run the benchmark and print what was seen; exits 1 where the heap grows or a picture drifts."""
    parser = argparse.ArgumentParser(prog="bench wall", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="measured, after a minute of warming up")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        if not asyncio.run(_run(Path(scratch), options.minutes)):
            sys.exit(1)


async def _run(folder: Path, minutes: float) -> bool:
    async with AsyncExitStack() as stack:
        village = await stack.enter_async_context(run_village(folder / "all"))
        sources = [village.urls[WALL[number % len(WALL)]] for number in range(TILES - len(WALL))]
        more = {f"more-{number:02}": url for number, url in enumerate(sources)}
        await stack.enter_async_context(village.more_cameras(more))
        browser = await stack.enter_async_context(run_chromium(find_chromium()))
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-US")
        screen = Screen(page, village)
        await screen.sign_in()
        await screen.part("layout-16").click()
        await screen.watch(*WALL, *more)
        playing = page.locator('[data-testid="wall-tile"][data-state="playing"]')
        await expect(playing).to_have_count(TILES, timeout=_READY_S * 1000)
        await asyncio.sleep(WARM_UP_S)
        processes = {"Snowlight, all services": [village.snowlight.processes["all"].pid]}
        processes.update(await _chromium(browser))
        measuring = Measuring(screen, await page.context.new_cdp_session(page))
        await measuring.collect()  # the first time, functions that are not used lose their code
        began, before = time.monotonic(), {name: cpu_s(pids) for name, pids in processes.items()}
        resident_mb = {name: resident_set_mb(pids) for name, pids in processes.items()}
        await measuring.run(60 * minutes)
        elapsed = time.monotonic() - began
        print(f"\n{'':<28}{'CPU':>8}{'RSS first':>12}{'RSS last':>11}")
        for name, pids in processes.items():
            cpu = 100 * (cpu_s(pids) - before[name]) / elapsed
            print(f"{name:<28}{cpu:>7.0f}%{resident_mb[name]:>9.0f} MB{resident_set_mb(pids):>8.0f} MB")
        return measuring.judge()


async def _chromium(browser: Browser) -> dict[str, list[int]]:
    """Its processes: those that run pages, and all others."""
    session = await browser.new_browser_cdp_session()
    found = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    renderers = [each["id"] for each in found if each["type"] == "renderer"]
    others = [each["id"] for each in found if each["type"] != "renderer"]
    return {"Chromium's renderer": renderers, "Chromium's other processes": others}


class Measuring:
    """Looks at a wall that plays."""

    def __init__(self, screen: Screen, devtools: CDPSession) -> None:
        self._screen = screen
        self._devtools = devtools
        self._tiles: dict[str, Tile] = {}
        self._heap: list[tuple[float, float]] = []
        """Minutes since the beginning, and KB."""

    async def run(self, seconds: float) -> None:
        """Look once a second for so long, and print the heap as it is counted."""
        began = time.monotonic()
        due = 0.0
        for tick in range(int(seconds / TICK_S) + 1):
            await asyncio.sleep(max(0.0, began + tick * TICK_S - time.monotonic()))
            await self._look()
            if time.monotonic() - began >= due:
                due += COLLECT_EVERY_S
                await self._weigh((time.monotonic() - began) / 60)

    async def collect(self) -> None:
        """Collect the garbage."""
        await self._devtools.send("HeapProfiler.collectGarbage")

    def judge(self) -> bool:
        """Print the figures of the tiles and of the heap; whether both promises are kept."""
        tiles = list(self._tiles.values())
        print(f"\n{'tile':<20}{'drift p50':>10}{'p95':>7}{'most':>7}{'stalls':>8}{'away s':>8}{'dropped':>9}")
        for name, tile in sorted(self._tiles.items()):
            print(f"{name.removeprefix('cameras/'):<20}{_figures([tile])}")
        print(f"{'all':<20}{_figures(tiles)}")
        ages = percentiles([age for tile in tiles for age in tile.ages_s])
        print(f"\nage of the pictures by their tiles' clocks: p50 {ages[0]:.2f} s, p95 {ages[1]:.2f} s")
        slope = slope_of(self._heap)
        print(
            f"heap: {self._heap[0][1] / 1024:.2f} MB first, {self._heap[-1][1] / 1024:.2f} MB last, "
            f"slope {slope.value:+.1f} KB a minute (standard error {slope.error:.1f})"
        )
        return _kept(slope, max(max(tile.drifts_s) for tile in tiles), len(tiles))

    async def _look(self) -> None:
        found = await self._screen.page.locator('[data-testid="wall-tile"]').evaluate_all(_LOOK)
        for each in found:
            self._tiles.setdefault(each.pop("camera"), Tile()).add(**each)

    async def _weigh(self, minute: float) -> None:
        await self.collect()
        use = await self._devtools.send("Runtime.getHeapUsage")
        self._heap.append((minute, use["usedSize"] / 1024))
        # Fragments on their way are ArrayBuffers, whose bytes lie beside the heap: how many, chance decides.
        beside = use.get("backingStorageSize", 0) / 2**20
        print(
            f"minute {minute:5.1f}: heap {use['usedSize'] / 2**20:.3f} MB, beside it {beside:.2f} MB",
            flush=True,
        )


def _figures(tiles: Sequence[Tile]) -> str:
    drifts = [drift for tile in tiles for drift in tile.drifts_s]
    middle, late = percentiles(drifts)
    stalls, away = sum(tile.stalls for tile in tiles), sum(tile.away for tile in tiles)
    dropped, pictures = sum(tile.dropped for tile in tiles), sum(tile.pictures for tile in tiles)
    return (
        f"{middle:>10.2f}{late:>7.2f}{max(drifts):>7.2f}{stalls:>8}{away * TICK_S:>8.0f}"
        f"{100 * dropped / max(1, pictures):>8.2f}%"
    )


def _kept(slope: Slope, drift_s: float, tiles: int) -> bool:
    # Two standard errors each way: a short run cannot tell a flat heap from a steep one, and says so.
    flat = slope.value + 2 * slope.error <= FLAT_KB_PER_MIN
    steep = slope.value - 2 * slope.error > FLAT_KB_PER_MIN
    near = drift_s <= DRIFT_S and tiles == TILES
    said = "yes" if flat else "NO" if steep else "not to be told from this run"
    print(f"heap flat (at most {FLAT_KB_PER_MIN:.0f} KB a minute): {said}")
    print(f"every tile at most {DRIFT_S:.0f} s behind what has come: {'yes' if near else 'NO'}")
    return flat and near
