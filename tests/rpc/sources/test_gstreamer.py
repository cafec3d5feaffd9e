"""Cameras served by GStreamer play through the RTSP client, decodable and in time."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

from services.ingest.sources.source import Credentials
from tests.parts.gstreamer import RtspServer, run_gstreamer
from tests.rpc.sources.playing import decoded, failure, playing


async def test_h264_with_aac(gstreamer: RtspServer) -> None:
    async with playing(gstreamer.url("h264-aac")) as camera:
        units = await camera.pictures(60)
        await camera.sink.until(lambda: len(camera.sink.audio) >= 80)
        video, audio = camera.sink.tracks[0]
        assert (video.codec, video.clock_rate, len(video.parameter_sets)) == ("h264", 90000, 2)
        assert audio is not None
        assert (audio.codec, audio.clock_rate, audio.channels) == ("aac", 48000, 1)
        steps = {later[1] - earlier[1] for earlier, later in itertools.pairwise(units)}
        assert max(abs(step - 3600) for step in steps) <= 2
        stamps = [pts for _, pts in camera.sink.audio]
        steps = {later - earlier for earlier, later in itertools.pairwise(stamps)}
        assert max(abs(step - 1024) for step in steps) <= 2
        assert sum(key for _, _, key in units) >= 2
        assert camera.sink.losses == []
        assert decoded(camera) >= 55


async def test_h265(gstreamer: RtspServer) -> None:
    async with playing(gstreamer.url("h265-pcma")) as camera:
        await camera.pictures(60)
        video, audio = camera.sink.tracks[0]
        assert video.codec == "h265"
        assert audio is not None
        assert decoded(camera) >= 30


async def test_g711_and_sender_reports(gstreamer: RtspServer) -> None:
    async with playing(gstreamer.url("h265-pcma")) as camera:
        await camera.sink.until(lambda: len(camera.sink.audio) >= 50 and bool(camera.sink.reports))
        _, audio = camera.sink.tracks[0]
        assert audio is not None
        assert (audio.codec, audio.clock_rate, audio.channels, audio.config) == ("pcma", 8000, 1, b"")
        first, second = camera.sink.audio[10:12]
        assert second[1] - first[1] == len(first[0])


async def test_unwanted_sound_is_not_asked_for(gstreamer: RtspServer) -> None:
    async with playing(gstreamer.url("h265-pcma"), audio=False) as camera:
        await camera.pictures(30)
        assert camera.sink.tracks[0][1] is None
        assert camera.sink.audio == []


async def test_digest(gstreamer_python: Path) -> None:
    with run_gstreamer(gstreamer_python, user="admin", password="p@ss:word") as server:
        async with playing(server.url("h264")) as camera:
            await camera.pictures(5)
        url = replace(server, user="").url("h264")
        async with playing(url, credentials=Credentials("admin", "p@ss:word")) as camera:
            await camera.pictures(5)
        wrong = await failure(replace(server, password="wrong").url("h264"))
        assert (wrong.code, wrong.detail) == ("camera.auth_failed", "401 after Digest")
        missing = await failure(url)
        assert (missing.code, missing.detail) == ("camera.auth_failed", "401 and no credentials given")


async def test_an_unknown_path_is_not_found(gstreamer: RtspServer) -> None:
    assert (await failure(gstreamer.url("none"))).code == "camera.not_found"


async def test_rtp_over_udp(gstreamer: RtspServer) -> None:
    async with playing(gstreamer.url("h264-aac").replace("rtsp:", "rtsp+udp:")) as camera:
        units = await camera.pictures(60)
        await camera.sink.until(lambda: len(camera.sink.audio) >= 80 and bool(camera.sink.reports))
        video, audio = camera.sink.tracks[0]
        assert video.codec == "h264"
        assert audio is not None
        steps = [later[1] - earlier[1] for earlier, later in itertools.pairwise(units)]
        assert max(abs(step - 3600) for step in steps) <= 2
        assert camera.sink.losses == []
        assert decoded(camera) >= 55


async def test_many_cameras_at_once(gstreamer: RtspServer) -> None:
    url = gstreamer.url("h264-aac")

    async def watch() -> int:
        async with playing(url) as camera:
            await camera.pictures(50)
            return len(camera.sink.losses)

    assert await asyncio.gather(*(watch() for _ in range(10))) == [0] * 10
