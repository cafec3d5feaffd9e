"""GStreamer's `hlsdemux2`."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cluster.decoding import steps
from tests.players.gstreamer import Played, play
from tests.players.street import FRAME_RATE, GATE, SIZES, TURNING, Footage, Street

pytestmark = pytest.mark.asyncio(loop_scope="package")

LIVE_S = 15
"""At the very most, from the scene to the player."""
PICTURES = 3 * FRAME_RATE


@pytest.mark.parametrize("playlist", ["live.m3u8", "live.ts.m3u8"])
async def test_live_plays_every_picture_of_now(
    street: Street, footage: Footage, gstreamer_player: Path, playlist: str
) -> None:
    assert footage.end > footage.back, "the playlist is as long as it gets"
    played = await play(gstreamer_player, await street.live(GATE, playlist), pictures=PICTURES)
    _expect_played(played, playlist)
    instants = _instants(played)
    assert steps(instants, FRAME_RATE) == {1}
    assert 0 < time.time() - instants[-1] < LIVE_S


@pytest.mark.parametrize("playlist", ["vod.m3u8", "vod.ts.m3u8"])
async def test_every_picture_before_and_after_a_gap_is_played(
    street: Street, footage: Footage, gstreamer_player: Path, playlist: str
) -> None:
    url = await street.recorded(GATE, footage.start, footage.end, playlist)
    played = await play(gstreamer_player, url)
    _expect_played(played, playlist)
    instants = _instants(played)
    assert instants[0] <= footage.start.timestamp() + 0.1
    assert instants[-1] >= footage.end.timestamp() - 0.1
    before, after = max(pairwise(instants), key=lambda pair: pair[1] - pair[0])
    assert before == pytest.approx(footage.left.timestamp(), abs=0.2)
    assert after == pytest.approx(footage.back.timestamp(), abs=0.2)
    there = instants.index(after)
    assert steps(instants[:there], FRAME_RATE) == steps(instants[there:], FRAME_RATE) == {1}
    heard_s = sum(duration for _, duration in played.sounds)  # decodebin3 may lose the sound at a new session
    assert heard_s > there / FRAME_RATE - 1


async def test_every_picture_of_either_size_is_played(
    street: Street, footage: Footage, gstreamer_player: Path
) -> None:
    url = await street.recorded(TURNING, footage.start, footage.end)
    played = await play(gstreamer_player, url)
    _expect_played(played, "vod.m3u8")
    instants = _instants(played)
    assert set(played.sizes) == set(SIZES)
    assert steps(instants, FRAME_RATE) == {1}
    whole_s = (footage.end - footage.start).total_seconds()
    assert instants[-1] - instants[0] >= whole_s - 0.2


def _expect_played(played: Played, playlist: str) -> None:
    assert not played.error
    demuxer = "tsdemux" if ".ts." in playlist else "qtdemux"
    assert {"hlsdemux2", demuxer, "avdec_h264"} <= played.factories
    assert played.sounds


def _instants(played: Played) -> list[float]:
    """Burnt into the pictures, all of which are legible."""
    instants = [instant for instant in played.instants if instant is not None]
    assert len(instants) == len(played.instants)
    return instants
