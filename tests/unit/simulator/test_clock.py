"""The clock's slices in place of those of the loop, decoded by FFmpeg."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.loop.clock import LOOP_MINUTE, VILLAGE_TIME, encode_clock, moved_into_band
from simulator.loop.elementary import VideoTrack, read_loop
from simulator.loop.encode import encode_loop
from simulator.loop.parameters import LoopParameters, Profile, VideoCodec, VideoFormat
from simulator.loop.picture_encoder import encode_pictures
from simulator.loop.slices import moved_h264, moved_h265
from simulator.rtsp.packets import MAX_PAYLOAD
from simulator.scene.band import ClockBand
from simulator.scene.fonts import Fonts
from simulator.scene.footer import band_top
from simulator.scene.scenery import Scenery
from simulator.scene.timecode import COLUMNS, cell_pixels, read_instant

PROFILES = pytest.mark.parametrize("profile", [Profile.H264, Profile.H265_G711])
MINUTE = int(datetime(2026, 3, 1, 15, 59, tzinfo=UTC).timestamp()) // 60
Picture = NDArray[np.uint8]


def decoded(track: VideoTrack, last_slices: Sequence[bytes]) -> Iterator[Picture]:
    """Planes of YUV 4:2:0 of the loop with its last slices replaced by these."""
    context = av.CodecContext.create({VideoCodec.H264: "h264", VideoCodec.H265: "hevc"}[track.codec], "r")
    assert isinstance(context, av.VideoCodecContext)
    for unit, last in zip(track.access_units, last_slices, strict=True):
        units = (*(track.parameter_sets if unit.key else ()), *unit.nal_units[:-1], last)
        for frame in context.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in units))):
            yield frame.to_ndarray(format="yuv420p").astype(np.uint8)
    for frame in context.decode(None):
        yield frame.to_ndarray(format="yuv420p").astype(np.uint8)


def scene_of(picture: Picture, height: int) -> Picture:
    """The picture without its band, luma and chroma in a row."""
    top, chroma = band_top(height), picture[height:].reshape(2, height // 2, -1)
    return np.concatenate((picture[:top].ravel(), chroma[:, : top // 2].ravel()))


def own_slices(track: VideoTrack) -> list[bytes]:
    return [unit.nal_units[-1] for unit in track.access_units]


def made(tmp_path: Path, parameters: LoopParameters) -> VideoTrack:
    encode_loop(parameters, tmp_path / "loop.mov", Fonts())
    return read_loop(tmp_path / "loop.mov").video


@cache
def noise_slices(whole: VideoFormat) -> tuple[bytes, ...]:
    """A band that is unlike every other in each of its blocks and pictures."""
    random = np.random.default_rng(1)
    lines = whole.height - band_top(whole.height)
    patterns = random.integers(0, 256, (7, lines * 3 // 2, whole.width), dtype=np.uint8)
    band = replace(whole, height=lines, bit_rate=4_000_000)
    pictures = (patterns[number % 7] for number in range(60 * whole.frame_rate))
    encoded = encode_pictures(pictures, band)
    return tuple(moved_into_band(picture.nal_units[-1], whole) for picture in encoded)


@pytest.mark.parametrize("size", [(640, 360), (160, 90)])
@PROFILES
def test_any_minute_can_be_spliced_in_and_the_scene_stays_as_it_was(
    tmp_path: Path, profile: Profile, size: tuple[int, int]
) -> None:
    """The last minute of an hour and the first of the next, which is of another day too."""
    width, height = size
    parameters = LoopParameters("村口", "gate", profile=profile, width=width, height=height)
    track = made(tmp_path, parameters)
    assert track.frame_rate == 15 and len(track.access_units) == 900
    minutes = [
        list(encode_clock(parameters.video, minute, VILLAGE_TIME, Fonts())) for minute in (MINUTE, MINUTE + 1)
    ]
    views = (decoded(track, slices) for slices in (own_slices(track), *minutes))
    number = 0
    for number, (own, before, after) in enumerate(zip(*views, strict=True)):
        for picture, minute in ((own, LOOP_MINUTE), (before, MINUTE), (after, MINUTE + 1)):
            assert read_instant(picture[:height]) == pytest.approx(minute * 60 + number / 15, abs=0.006)
            assert np.array_equal(scene_of(picture, height), scene_of(own, height))
    assert number == 899


@pytest.mark.parametrize("scenery", Scenery)
@PROFILES
def test_no_scene_is_predicted_from_the_band(tmp_path: Path, profile: Profile, scenery: Scenery) -> None:
    """Whatever stands in the band, not a sample of the scene depends on it."""
    parameters = LoopParameters(
        "村口", "gate", scenery=scenery, profile=profile, width=320, height=180, frame_rate=5
    )
    track = made(tmp_path, parameters)
    views = decoded(track, own_slices(track)), decoded(track, noise_slices(parameters.video))
    for own, noisy in zip(*views, strict=True):
        assert not np.array_equal(own[band_top(180) : 180], noisy[band_top(180) : 180])
        assert np.array_equal(scene_of(own, 180), scene_of(noisy, 180))


@PROFILES
def test_a_village_camera_s_clock_is_little_beside_its_scene(profile: Profile) -> None:
    """No slice is much more than a packet, and all of them are a small part of the bit rate."""
    whole = LoopParameters("村口", "gate", profile=profile).video
    sizes = [len(nal) for nal in encode_clock(whole, MINUTE, VILLAGE_TIME, Fonts())]
    assert len(sizes) == 900
    assert max(sizes) < 1.25 * MAX_PAYLOAD
    assert sum(sizes) * 8 / 60 < whole.bit_rate / 25


def test_without_a_clock_a_picture_is_one_slice(tmp_path: Path) -> None:
    parameters = LoopParameters("村口", "gate", profile=Profile.H264, width=160, height=90, frame_rate=5)
    encode_loop(parameters, tmp_path / "loop.mov", Fonts(), clock=False)
    track = read_loop(tmp_path / "loop.mov").video
    assert {len(unit.nal_units) for unit in track.access_units} == {1}
    assert len(list(decoded(track, own_slices(track)))) == 300


def test_the_clock_shows_local_time() -> None:
    """Eight hours later in UTC it writes what it writes now in China, and in every second something else."""
    left = COLUMNS * cell_pixels(360)

    def text(minute: int, second: int, zone: str) -> Picture:
        planes = ClockBand(640, 360, ZoneInfo(zone), Fonts()).planes(minute, second)
        return planes[: 360 - band_top(360), left:]

    now = text(MINUTE, 30, "Asia/Shanghai")
    assert np.array_equal(now, text(MINUTE + 8 * 60, 30, "UTC"))
    for other in (text(MINUTE, 31, "Asia/Shanghai"), text(MINUTE + 24 * 60, 30, "Asia/Shanghai")):
        assert not np.array_equal(now, other)


def test_a_slice_that_is_not_the_first_of_its_picture_is_refused() -> None:
    whole = LoopParameters("村口", "gate", width=160, height=90, frame_rate=5).video
    moved = next(encode_clock(whole, MINUTE, VILLAGE_TIME, Fonts()))
    with pytest.raises(ValueError, match="not the first"):
        moved_h264(moved, 10)
    moved = next(encode_clock(replace(whole, codec=VideoCodec.H265), MINUTE, VILLAGE_TIME, Fonts()))
    with pytest.raises(ValueError, match="not the first"):
        moved_h265(moved, 10, 60)
