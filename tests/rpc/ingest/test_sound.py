"""Sound of somebody else's cameras is recorded as AAC beside their pictures, whatever it was coded with."""

import io

import av
import numpy as np
import pytest

from snowlight.api.ingest.v1 import camera_pb2
from tests.parts.gstreamer import RtspServer
from tests.rpc.ingest.cluster import Client
from tests.rpc.ingest.village import fragments


@pytest.mark.parametrize(
    ("stream", "rate"), [("h264-aac", 48_000), ("h264-g722", 16_000), ("h264-g726", 8000)]
)
async def test_a_tick_each_second_is_heard_each_second(
    ingest: Client, gstreamer: RtspServer, stream: str, rate: int
) -> None:
    camera = await ingest.create("gate", gstreamer.url(stream), audio=True)
    await ingest.until_state(camera.name, camera_pb2.ONLINE)
    init, parts = await fragments(ingest, camera.uid, 8)
    assert init.codecs.endswith("mp4a.40.2")
    with av.open(io.BytesIO(init.data + b"".join(part.data for part in parts)), "r") as container:
        assert container.streams.audio[0].rate == rate
        heard = np.abs(np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]))
    loud = np.flatnonzero(heard > heard.max() / 2)
    ticks = [int(at) for before, at in zip([-rate, *loud], loud, strict=False) if at - before > rate // 2]
    assert len(ticks) >= 2
    assert np.diff(ticks) == pytest.approx([rate] * (len(ticks) - 1), abs=rate // 50)  # 20 ms
