"""What others publish to MediaMTX plays through the RTSP client, whatever becomes of its publishers."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from services.ingest.sources.source import AudioTrack, SourceError, SourceSettings
from tests.parts.mediamtx import MediaMtx, run_mediamtx
from tests.parts.publisher import pipeline_publishing
from tests.rpc.sources.playing import Playing, decoded, failure, playing
from tests.waiting import eventually

PICTURE = "videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1,format=I420"
VIDEO = {
    "h264": f"{PICTURE} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
    "h265": f"{PICTURE} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h265parse",
}
TONE = "audiotestsrc is-live=true ! audioconvert ! audioresample"
AAC = f"{TONE} ! audio/x-raw,rate=48000,channels=1 ! avenc_aac ! aacparse"
SOUND = {
    "pcma": f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! alawenc",
    "pcmu": f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc",
    "aac": AAC,
    "latm": AAC,
    "opus": f"{TONE} ! audio/x-raw,rate=48000,channels=2 ! opusenc",
}
PATIENT = SourceSettings()
"""MediaMTX takes two seconds over a refusal."""
FRAME = 3600
"""Of 25 a second, in ticks of 90 kHz."""


def pipeline(server: MediaMtx, path: str, video: str = "h264", sound: str | None = None) -> str:
    """A camera that publishes there."""
    sink = f'rtspclientsink name=out protocols=tcp latency=0 location="{server.publish_url(path)}"'
    if sound == "aac":
        sink += ' sink_1::payloader="rtpmp4gpay"'  # RFC 3640; by itself it takes RFC 6416
    return f"{sink} {VIDEO[video]} ! out.sink_0" + (f" {SOUND[sound]} ! out.sink_1" if sound else "")


async def until_played(url: str) -> None:
    """Somebody publishes there."""

    async def plays() -> bool:
        try:
            async with playing(url) as camera:
                await camera.pictures(1)
        except SourceError as error:
            assert error.code == "camera.not_found", error  # nobody publishes yet
            return False
        return True

    await eventually(plays, timeout_s=30)


def assert_even(camera: Playing) -> None:
    """Every picture came, as far from the last one as it was taken, and can be decoded."""
    stamps = [pts for _, pts, _ in camera.sink.video]
    assert {later - earlier for earlier, later in itertools.pairwise(stamps)} <= set(
        range(FRAME - 2, FRAME + 3)
    )
    assert camera.sink.losses == []
    first_key = next(number for number, (_, _, key) in enumerate(camera.sink.video) if key)
    assert decoded(camera) == len(stamps) - first_key


@pytest.mark.parametrize("transport", ["rtsp:", "rtsp+udp:"])
@pytest.mark.parametrize("video", sorted(VIDEO))
async def test_pictures_arrive_whole_and_evenly(
    mediamtx: MediaMtx, gstreamer_python: Path, video: str, transport: str
) -> None:
    path = f"whole-{video}"
    url = mediamtx.url(path).replace("rtsp:", transport)
    async with pipeline_publishing(gstreamer_python, pipeline(mediamtx, path, video)):
        await until_played(url)
        async with playing(url) as camera:
            await camera.pictures(60)
            await camera.sink.until(lambda: bool(camera.sink.reports))
            assert camera.sink.tracks[0][0].codec == video
            assert_even(camera)


@pytest.mark.parametrize(
    ("sound", "rate"), [("pcma", 8000), ("pcmu", 8000), ("aac", 48_000), ("opus", None), ("latm", None)]
)
async def test_sound_comes_where_it_can_be_carried(
    mediamtx: MediaMtx, gstreamer_python: Path, sound: str, rate: int | None
) -> None:
    """Opus and AAC in LATM cannot; their cameras play without."""
    path = f"sound-{sound}"
    async with pipeline_publishing(gstreamer_python, pipeline(mediamtx, path, sound=sound)):
        await until_played(mediamtx.url(path))
        async with playing(mediamtx.url(path)) as camera:
            await camera.pictures(30)
            _, audio = camera.sink.tracks[0]
            if rate is None:
                assert (audio, camera.sink.audio) == (None, [])
            else:
                await camera.sink.until(lambda: len(camera.sink.audio) >= 20)
                assert isinstance(audio, AudioTrack)
                assert (audio.codec, audio.clock_rate, audio.channels) == (sound, rate, 1)


@pytest.mark.parametrize("auth", ["basic", "digest"])
async def test_who_plays_proves_who_they_are(
    mediamtx_program: Path, gstreamer_python: Path, auth: str
) -> None:
    with run_mediamtx(mediamtx_program, user="admin", password="p@ss#word", auth=auth) as server:
        async with pipeline_publishing(gstreamer_python, pipeline(server, "gate")):
            await until_played(server.url("gate"))
            async with playing(server.url("gate")) as camera:
                await camera.pictures(5)
            for stranger in (replace(server, password="wrong"), replace(server, user="")):
                error = await failure(stranger.url("gate"), settings=PATIENT)
                assert error.code == "camera.auth_failed"


async def test_a_path_appears_late_and_its_publisher_goes_away_and_comes_back(
    mediamtx: MediaMtx, gstreamer_python: Path
) -> None:
    url = mediamtx.url("late")
    assert (await failure(url, settings=PATIENT)).code == "camera.not_found"
    for video in ("h264", "h265"):  # who comes back need not be the same camera
        async with pipeline_publishing(gstreamer_python, pipeline(mediamtx, "late", video)) as publisher:
            await until_played(url)
            async with playing(url) as camera:
                await camera.pictures(5)
                assert camera.sink.tracks[0][0].codec == video
                publisher.process.kill()
                with pytest.raises(SourceError) as ended:
                    await camera.task
        assert ended.value.code in ("camera.closed", "camera.timeout")

        async def is_gone() -> bool:
            return (await failure(url, settings=PATIENT)).code == "camera.not_found"

        await eventually(is_gone)
