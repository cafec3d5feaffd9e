"""hls.js goes from one rendition to another while it plays."""

import pytest

from tests.players.hls_player import HlsPlayer
from tests.players.street import LARGE, LARGE_LINES, Footage, Street
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

SMALL_LINES = 360
PLAYED_S = 3.0
"""So long each rendition is watched."""


async def test_a_player_changes_to_a_smaller_rendition_and_back_and_goes_on(
    street: Street, hls_player: HlsPlayer
) -> None:
    await hls_player.play(await street.live(LARGE, "live.m3u8?ladder=1"), capLevelToPlayerSize=False)
    await _changes_and_goes_on(hls_player)


async def test_recorded_pictures_change_alike(
    street: Street, footage: Footage, hls_player: HlsPlayer
) -> None:
    url = await street.recorded(LARGE, footage.start, footage.end, "archive.m3u8", ladder="1")
    await hls_player.play(url, capLevelToPlayerSize=False)
    await _changes_and_goes_on(hls_player)


async def _changes_and_goes_on(hls_player: HlsPlayer) -> None:
    """To the small rendition and back; what is shown has the playlist's time, and never goes back."""
    shown: list[float] = []
    for lines in (LARGE_LINES, SMALL_LINES, LARGE_LINES):
        await _plays(hls_player, lines)
        told = await hls_player.told()
        assert sorted(told["levels"]) == [SMALL_LINES, LARGE_LINES]
        seen = await hls_player.shown()
        assert seen is not None
        assert abs(seen - told["shown"]) < 2, "it shows the instant that the playlist gives the picture"
        shown.append(seen)
    assert shown == sorted(shown)


async def _plays(player: HlsPlayer, lines: int) -> None:
    """Pictures of so many lines are shown, and move on."""

    async def changed() -> bool:
        told = await player.told()
        if not told["levels"]:
            return False
        await player.change(lines)
        return bool(told["lines"] == lines)

    await eventually(changed, 45)
    start = (await player.told())["at"]

    async def moved() -> bool:
        told = await player.told()
        return bool(told["at"] > start + PLAYED_S and told["lines"] == lines)

    await eventually(moved, 30)
