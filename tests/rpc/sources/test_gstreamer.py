"""Cameras served by GStreamer play through the RTSP client, decodable and in time."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.ingest.media.speech import speech_decoder
from services.ingest.sources.source import AudioCodec, AudioTrack, Credentials
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


@pytest.mark.parametrize(
    ("stream", "codec", "rate"), [("h264-g722", "g722", 16_000), ("h264-g726", "g726-32", 8000)]
)
async def test_adpcm(gstreamer: RtspServer, stream: str, codec: AudioCodec, rate: int) -> None:
    """Somebody else's packets, stamps and order of bits: a tick each second is heard each second."""
    async with playing(gstreamer.url(stream)) as camera:
        await camera.sink.until(lambda: sum(len(data) for data, _ in camera.sink.audio) * 2 > 3.5 * rate)
        _, audio = camera.sink.tracks[0]
        assert audio == AudioTrack(codec, rate, 1, b"")
        for (data, pts), (_, later) in itertools.pairwise(camera.sink.audio):
            assert later - pts == len(data) * 2
        decoder = speech_decoder(audio)
        speech = b"".join(decoder.decode(data) for data, _ in camera.sink.audio)
        heard = np.abs(decoder.format.samples(speech))
    loud = np.flatnonzero(heard > heard.max() / 2)
    ticks = [int(at) for before, at in zip([-rate, *loud], loud, strict=False) if at - before > rate // 2]
    assert len(ticks) >= 3
    assert [b - a for a, b in itertools.pairwise(ticks)] == pytest.approx(
        [rate] * (len(ticks) - 1), abs=rate // 100
    )
    assert (heard < heard.max() / 10).mean() > 0.9  # between ticks it is quiet


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
