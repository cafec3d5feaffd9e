"""FFmpeg, through PyAV, as a client that is not ours."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from simulator.camera import Camera
from simulator.loop.cache import LoopCache
from simulator.loop.parameters import GOP_SECONDS, LoopParameters, Profile
from simulator.rtsp.authentication import Credentials, Scheme
from simulator.scene.footer import band_top
from simulator.scene.timecode import read_instant
from simulator.server import serve_cameras
from simulator.village import serve_village
from tests.waiting import eventually

TCP = {"rtsp_transport": "tcp", "analyzeduration": "1000000"}


def picture(profile: Profile) -> LoopParameters:
    return LoopParameters(
        "柳林村 村口", "Liulin gate", profile=profile, width=320, height=180, bit_rate=200_000
    )


CAMERAS = {profile: Camera(profile.name.lower(), picture(profile)) for profile in Profile}


def watched(url: str, pictures: int) -> dict[str, Any]:
    """What a viewer of so many pictures saw: codecs, time stamps, instants burnt in and when they arrived."""
    seen: dict[str, Any] = {"video": [], "planes": [], "audio": 0, "stamps": [], "late": []}
    options = TCP if url.startswith("rtsp:") else {}
    with av.open(url, options=options, timeout=20) as container:
        seen["codecs"] = [stream.codec_context.name for stream in container.streams]
        for packet in container.demux():
            now = time.time()
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    seen["audio"] += frame.samples
                elif isinstance(frame, av.VideoFrame):
                    planes = frame.to_ndarray(format="yuv420p").astype(np.uint8)
                    instant = read_instant(planes[: frame.height])
                    assert instant is not None
                    seen["video"].append(instant)
                    seen["planes"].append(planes)
                    if frame.pts is not None:  # FFmpeg's RTSP client stamps no first picture
                        seen["stamps"].append(float(frame.pts * packet.time_base))
                    seen["late"].append(now - instant)
            if len(seen["video"]) >= pictures:
                return seen
    return seen


@pytest.mark.parametrize(
    ("profile", "codecs"),
    [
        (Profile.H264_AAC, ["h264", "aac"]),
        (Profile.H265_G711, ["hevc", "pcm_alaw"]),
        (Profile.H264, ["h264"]),
    ],
)
async def test_pictures_come_in_time_and_with_their_sound(
    profile: Profile, codecs: list[str], loops: Path
) -> None:
    async with serve_cameras([CAMERAS[profile]], loops) as server:
        await server.encoded()
        seen = await asyncio.to_thread(watched, server.url(CAMERAS[profile]), 45)
    assert seen["codecs"] == codecs
    steps = np.diff(seen["video"])
    assert steps == pytest.approx(np.full(len(steps), 1 / 15), abs=0.011)
    stamps = np.diff(seen["stamps"])
    assert len(stamps) >= len(steps) - 1
    assert stamps == pytest.approx(np.full(len(stamps), 1 / 15), abs=0.002)
    assert min(seen["late"][-15:]) > -0.01 and max(seen["late"][-15:]) < 1.0
    if len(codecs) == 2:
        rate = 32_000 if profile is Profile.H264_AAC else 8_000
        assert seen["audio"] == pytest.approx(3 * rate, rel=0.25)


@pytest.mark.parametrize("profile", [Profile.H264, Profile.H265_G711])
async def test_the_clock_goes_on_from_one_year_to_the_next_over_an_unchanged_loop(
    profile: Profile, loops: Path
) -> None:
    """Day, hour and minute change from one picture to the next; the scene is that of the loop's file."""
    camera = CAMERAS[profile]
    new_year = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    file = await LoopCache(loops, workers=1).provide(camera.picture)
    looped = await asyncio.to_thread(watched, str(file), 900)
    assert looped["video"] == pytest.approx(np.arange(900) / 15, abs=0.006)

    offset = new_year - 4 - time.time()
    async with serve_cameras([camera], loops, clock=lambda: time.time() + offset) as server:
        await server.encoded()
        seen = await asyncio.to_thread(watched, server.url(camera), 90)
    first, last = seen["video"][0], seen["video"][-1]
    assert first < new_year - 0.5 and last > new_year + 0.5
    assert seen["video"] == pytest.approx(first + np.arange(len(seen["video"])) / 15, abs=0.011)
    top = band_top(camera.picture.height)
    for instant, planes in zip(seen["video"], seen["planes"], strict=True):
        number = round(instant * 15) % 900
        assert np.array_equal(planes[:top], looped["planes"][number][:top])


async def test_a_camera_that_is_held_up_for_a_moment_leaves_no_picture_out(loops: Path) -> None:
    camera = CAMERAS[Profile.H264]
    async with serve_cameras([camera], loops) as server:
        await server.encoded()
        watching = asyncio.create_task(asyncio.to_thread(watched, server.url(camera), 90))

        async def has_a_viewer() -> bool:
            return bool(server.clients(camera))

        await eventually(has_a_viewer)
        await asyncio.sleep(GOP_SECONDS + 0.5)  # it has had its first key frame by then
        time.sleep(2.5)  # noqa: ASYNC251 - its event loop does something else
        seen = await watching
    steps = [after - before for before, after in pairwise(seen["video"])]
    assert 0 < min(steps) <= max(steps) < 0.1


async def test_several_clients_see_the_same_pictures(loops: Path) -> None:
    camera = CAMERAS[Profile.H264]
    async with serve_cameras([camera], loops) as server:
        await server.encoded()
        views = await asyncio.gather(*(asyncio.to_thread(watched, server.url(camera), 40) for _ in range(4)))
    assert all(set(view["video"]) & set(views[0]["video"]) for view in views)


@pytest.mark.parametrize("scheme", Scheme)
async def test_the_right_password_opens_and_a_wrong_one_does_not(scheme: Scheme, loops: Path) -> None:
    right, wrong = Credentials("admin", "pa:s s/1", scheme), Credentials("admin", "other", scheme)
    camera = Camera("locked", picture(Profile.H264), right)
    async with serve_cameras([camera], loops) as server:
        await server.encoded()
        seen = await asyncio.to_thread(watched, server.url(camera), 1)
        assert len(seen["video"]) == 1
        refused = Camera("locked", camera.picture, wrong)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            await asyncio.to_thread(watched, refused.url(server.host, server.port), 1)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            await asyncio.to_thread(
                watched, Camera("locked", camera.picture).url(server.host, server.port), 1
            )


async def test_a_camera_is_on_air_while_others_are_being_encoded(tmp_path: Path) -> None:
    ready = CAMERAS[Profile.H264]
    await LoopCache(tmp_path, workers=1).provide(ready.picture)
    others = [Camera(f"other-{seed}", replace(ready.picture, seed=seed)) for seed in range(1, 40)]
    async with serve_cameras([*others, ready], tmp_path, encoders=1) as server:
        seen = await asyncio.to_thread(watched, server.url(ready), 1)
        assert len(seen["video"]) == 1
        assert not (tmp_path / f"{others[-1].picture.key}.mov").exists()


async def test_a_village_describes_itself_at_once(tmp_path: Path) -> None:
    async with serve_village(12, tmp_path) as village:
        described = village.description()
        assert [camera["url"] for camera in described["cameras"]] == [village.url(c) for c in village.cameras]
    assert {camera["region"] for camera in described["cameras"]} <= {r["code"] for r in described["regions"]}
