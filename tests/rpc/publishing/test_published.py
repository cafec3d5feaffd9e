"""What cameras publish is live and recorded; what becomes of those that stop, or may no more."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import pytest

from snowlight.api.ingest.v1 import camera_pb2
from tests.parts.publisher import publishing
from tests.rpc.ingest.cluster import until
from tests.rpc.ingest.village import fragments, later_gaps
from tests.rpc.publishing.street import Street

CODECS = {"h264": "avc1", "h265": "hvc1"}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
async def test_what_is_published_is_live_and_recorded(
    street: Street, films: dict[str, Path], scheme: str, codec: str
) -> None:
    camera = await street.camera("gate")
    key = (await street.key(camera)).key
    async with publishing(street.url(scheme, "gate", key), films[codec]) as publisher:
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        init, received = await fragments(street.ingest, camera.uid, 8)
        assert publisher.runs
        assert (init.width, init.height) == (160, 90)
        status = await until(
            lambda: street.ingest.status(camera.name), lambda status: status.media.audio_codec == "aac"
        )
        assert status.media.video_codec == codec
        assert status.packets_lost == 0
    assert init.codecs.startswith(CODECS[codec])
    film = io.BytesIO(init.data + b"".join(fragment.data for fragment in received))
    with av.open(film, "r") as container:
        assert len(list(container.decode(video=0))) >= 75

    await street.ingest.update(camera.name, enabled=False)  # what was recorded is committed then
    start_ms = camera.create_time.ToMilliseconds()
    timeline = await until(
        lambda: street.ingest.timeline(camera.uid, start_ms, int(time.time() * 1000)),
        lambda timeline: timeline.spans,
    )
    assert timeline.spans[0].end_ms >= received[-1].end_ms


def gaps_of(street: Street, camera: camera_pb2.Camera) -> Callable[[], Awaitable[list[camera_pb2.CameraGap]]]:
    """Asks for the gaps after its first picture."""

    async def ask() -> list[camera_pb2.CameraGap]:
        return later_gaps(await street.ingest.status(camera.name), camera)

    return ask


async def test_a_camera_that_dies_leaves_a_gap_and_comes_back(street: Street, films: dict[str, Path]) -> None:
    camera = await street.camera("gate")
    status = await street.ingest.until_state(camera.name, camera_pb2.OFFLINE)
    assert status.state_reason.startswith("camera.not_published")
    url = street.url("rtmp", "gate", (await street.key(camera)).key)
    async with publishing(url, films["h264"]):
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        await fragments(street.ingest, camera.uid, 2)
    status = await street.ingest.until_state(camera.name, camera_pb2.OFFLINE)
    assert status.state_reason.startswith("camera.closed")
    await asyncio.sleep(1.5)  # a shorter hole would be no gap
    async with publishing(url, films["h264"]):
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        await fragments(street.ingest, camera.uid, 2)
        [gap] = await until(gaps_of(street, camera), lambda gaps: gaps and gaps[0].HasField("end"))
        assert gap.cause == "camera_offline"


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
async def test_who_publishes_with_a_key_that_is_deleted_ends(
    street: Street, films: dict[str, Path], scheme: str
) -> None:
    camera, other = await street.camera("gate"), await street.camera("hall")
    made = await street.key(camera)
    other_url = street.url(scheme, "hall", (await street.key(other)).key)
    url = street.url(scheme, "gate", made.key)
    async with (
        publishing(url, films["h264"]) as publisher,
        publishing(other_url, films["h264"]) as undisturbed,
    ):
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        await street.ingest.until_state(other.name, camera_pb2.ONLINE)
        await street.delete(made.publish_key)
        status = await street.ingest.until_state(camera.name, camera_pb2.OFFLINE)
        assert status.state_reason.startswith("camera.auth_failed")
        await publisher.ended()
        [gap] = await until(gaps_of(street, camera), bool)
        assert gap.cause == "auth_failed"
        async with publishing(url, films["h264"]) as again:
            await again.ended()
        assert (await street.ingest.status(camera.name)).state == camera_pb2.OFFLINE
        assert undisturbed.runs
        assert (await street.ingest.status(other.name)).state == camera_pb2.ONLINE


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
async def test_of_two_publishers_the_first_goes_on(
    street: Street, films: dict[str, Path], scheme: str
) -> None:
    camera = await street.camera("gate")
    url = street.url(scheme, "gate", (await street.key(camera)).key)
    async with publishing(url, films["h264"]) as first:
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        async with publishing(url, films["h264"]) as second:
            await second.ended()
        assert first.runs
        await fragments(street.ingest, camera.uid, 2)
        assert later_gaps(await street.ingest.status(camera.name), camera) == []
