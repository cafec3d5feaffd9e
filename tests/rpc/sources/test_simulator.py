"""The simulated village's cameras, the faulty ones too, through the sources that ingest uses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials, Scheme
from simulator.server import CameraServer, serve_cameras
from tests.rpc.sources.playing import failure, playing

H264 = LoopParameters("村口", "gate", profile=Profile.H264, width=160, height=90, bit_rate=60_000)
H265 = LoopParameters("桥头", "bridge", profile=Profile.H265_G711, width=160, height=90, bit_rate=60_000)
AAC = LoopParameters("广场", "square", profile=Profile.H264_AAC, width=160, height=90, bit_rate=60_000)


@pytest.fixture
async def village(loops: Path) -> AsyncIterator[CameraServer]:
    cameras = [
        Camera("aac", AAC),
        Camera("h265", H265),
        Camera("garbage", H264, faults=Faults(garbage=True)),
        Camera("lossy", H264, faults=Faults(packet_loss=10)),
        Camera("moved", H264, faults=Faults(redirect_to="aac")),
        Camera("bare", H264, faults=Faults(no_parameter_sets=True)),
        Camera("jpeg", H264, faults=Faults(unsupported_codec="JPEG")),
        *(
            Camera(scheme.value, H264, credentials=Credentials("admin", "secret", scheme))
            for scheme in Scheme
        ),
    ]
    async with serve_cameras(cameras, loops) as server:
        await server.encoded()
        yield server


def url(village: CameraServer, path: str) -> str:
    return next(camera.url(village.host, village.port) for camera in village.cameras if camera.path == path)


async def test_h264_with_aac(village: CameraServer) -> None:
    async with playing(url(village, "aac")) as camera:
        await camera.pictures(20)
        await camera.sink.until(lambda: len(camera.sink.audio) > 10)
        assert camera.sink.losses == []


async def test_h265_with_g711(village: CameraServer) -> None:
    async with playing(url(village, "h265")) as camera:
        await camera.pictures(20)
        await camera.sink.until(lambda: len(camera.sink.audio) > 10)
        assert camera.sink.tracks[0][0].codec == "h265"


async def test_garbage_between_frames_loses_nothing(village: CameraServer) -> None:
    async with playing(url(village, "garbage")) as camera:
        await camera.pictures(30)
        assert camera.sink.losses == []


async def test_lost_packets_are_counted_and_the_rest_goes_on(village: CameraServer) -> None:
    async with playing(url(village, "lossy")) as camera:
        await camera.pictures(30)
        assert sum(camera.sink.losses) > 0


async def test_a_redirect_is_followed(village: CameraServer) -> None:
    async with playing(url(village, "moved")) as camera:
        await camera.pictures(3)


async def test_missing_parameter_sets_are_told_as_missing(village: CameraServer) -> None:
    async with playing(url(village, "bare")) as camera:
        await camera.pictures(3)
        assert camera.sink.tracks[0][0].parameter_sets == ()
        assert camera.sink.parameter_sets == []


async def test_a_codec_that_is_not_carried_is_named(village: CameraServer) -> None:
    error = await failure(url(village, "jpeg"))
    assert error.code == "camera.codec_unsupported"
    assert "JPEG" in error.detail


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_passwords(village: CameraServer, scheme: Scheme) -> None:
    right = url(village, scheme.value)
    async with playing(right) as camera:
        await camera.pictures(3)
    wrong = await failure(right.replace("secret", "guess"))
    assert wrong.code == "camera.auth_failed"
    assert wrong.detail in ("401 after Digest", "401 after Basic")
