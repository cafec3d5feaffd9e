"""Publishers that share no code with us nor with libav."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from tests.parts.publisher import pipeline_publishing
from tests.rpc.ingest.cluster import until
from tests.rpc.ingest.village import fragments
from tests.rpc.publishing.street import Street

PICTURE = "videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1,format=I420"
H264 = f"{PICTURE} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse"
H265 = f"{PICTURE} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h265parse"
TONE = "audiotestsrc is-live=true ! audioresample ! audio/x-raw,rate=8000,channels=1 ! alawenc"


def rtmp(street: Street, key: str) -> str:
    url = street.url("rtmp", "gate", key)
    return f'{H264} ! flvmux name=out streamable=true ! rtmp2sink location="{url}" {TONE} ! out.'


def rtsp(street: Street, key: str) -> str:
    url = f"rtsp://127.0.0.1:{street.rtsp_port}/gate"
    sink = f'rtspclientsink name=out protocols=tcp location="{url}" user-id=camera user-pw={key}'
    return f"{sink} {H265} ! out. {TONE} ! out."


@pytest.mark.parametrize(("pipeline", "codec"), [(rtmp, "h264"), (rtsp, "h265")])
async def test_gstreamer_publishes_pictures_and_g711(
    street: Street, gstreamer_python: Path, pipeline: Callable[[Street, str], str], codec: str
) -> None:
    camera = await street.camera("gate")
    key = (await street.key(camera)).key
    async with pipeline_publishing(gstreamer_python, pipeline(street, key)) as publisher:
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        init, _ = await fragments(street.ingest, camera.uid, 6)
        status = await until(
            lambda: street.ingest.status(camera.name), lambda status: status.media.audio_codec == "aac"
        )
        assert status.media.video_codec == codec
        assert (init.width, init.height) == (320, 180)
        assert publisher.runs
