"""hls.js in Chromium."""

import pytest

from tests.players.hls_player import HlsPlayer
from tests.players.street import GATE, SIZES, TURNING, TURNS_S, Footage, Street
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

PICTURE_S = 0.4
"""A picture is at most so far from the instant that the playlist gives it."""
BEFORE_S = 3.0
"""Playing begins so long before what is to be seen."""
PLAIN_HOLD_BACK_S = 6.0
"""Three target durations: what does not know low latency is never nearer to now."""


async def test_live_with_low_latency_plays_nearer_to_now_than_plain_hls_may(
    street: Street, hls_player: HlsPlayer
) -> None:
    await hls_player.play(await street.live(GATE), lowLatencyMode=True, maxLiveSyncPlaybackRate=1.5)

    async def near() -> bool:
        told = await hls_player.told()
        return bool(
            told["parts"] > 6
            and told["partHoldBack"] <= told["targetLatency"]
            and 0 < told["latency"] < PLAIN_HOLD_BACK_S
        )

    await eventually(near, 30)
    told = await hls_player.told()
    assert 0 < told["partHoldBack"] < 2
    assert told["now"] - told["shown"] == pytest.approx(told["latency"], abs=2)
    await _names_its_picture(hls_player)


async def test_a_gap_that_is_left_out_is_stepped_over(
    street: Street, footage: Footage, hls_player: HlsPlayer
) -> None:
    url = await street.recorded(GATE, footage.start, footage.end)
    at_s = (footage.left - footage.start).total_seconds() - BEFORE_S
    await hls_player.play(url, start=at_s)
    await _plays_over_the_gap(hls_player, footage)
    gap_s = (footage.back - footage.left).total_seconds()
    whole_s = (footage.end - footage.start).total_seconds()
    told = await hls_player.told()
    assert told["duration"] == pytest.approx(whole_s - gap_s, abs=3)


async def test_a_gap_that_is_shown_is_jumped_and_media_time_follows_the_wall_clock(
    street: Street, footage: Footage, hls_player: HlsPlayer
) -> None:
    url = await street.recorded(GATE, footage.start, footage.end, gaps="show")
    at_s = (footage.left - footage.start).total_seconds() - BEFORE_S
    await hls_player.play(url, start=at_s)
    await _plays_over_the_gap(hls_player, footage)
    told = await hls_player.told()
    assert told["duration"] == pytest.approx((footage.end - footage.start).total_seconds(), abs=3)
    assert told["at"] == pytest.approx(told["shown"] - footage.start.timestamp(), abs=2.5)


async def test_pictures_of_another_size_and_codec_string_play_on(
    street: Street, footage: Footage, hls_player: HlsPlayer
) -> None:
    await hls_player.play(await street.recorded(TURNING, footage.start, footage.end))
    start = footage.start.timestamp()
    shown = await _shown_until(hls_player, start + 2 * TURNS_S + 1)
    assert shown[0] < start + BEFORE_S
    told = await hls_player.told()
    sizes = [tuple(size) for size in told["sizes"]]
    assert len(sizes) >= 3
    assert set(sizes) == set(SIZES)


async def _plays_over_the_gap(player: HlsPlayer, footage: Footage) -> None:
    """Shown are the end before it, nothing of it, and the beginning after it."""
    left, back = footage.left.timestamp(), footage.back.timestamp()
    shown = await _shown_until(player, back + 1)
    assert shown[0] < left
    assert not [instant for instant in shown if left + PICTURE_S < instant < back - PICTURE_S]
    await _names_its_picture(player)


async def _shown_until(player: HlsPlayer, instant: float) -> list[float]:
    """The times in the pictures on the screen, in order, up to one after `instant`."""
    shown: list[float] = []

    async def over() -> bool:
        seen = await player.shown()
        shown.extend([] if seen is None else [seen])
        return bool(shown) and shown[-1] > instant

    await eventually(over, 45)
    assert shown == sorted(shown)
    return shown


async def _names_its_picture(player: HlsPlayer) -> None:
    """EXT-X-PROGRAM-DATE-TIME, as hls.js reads it, is what the camera wrote into the picture."""
    await player.pause()

    async def named() -> bool:
        instant = await player.shown()
        return instant is not None and abs(instant - (await player.told())["shown"]) < PICTURE_S

    await eventually(named, 5)
