"""RTMP from a real server: what is published arrives, from the address that was checked and no other."""

import asyncio
import ipaddress
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import av
import pytest

from services.ingest.sources.network import SourceNetwork
from tests.parts.rtmp import RtmpServer
from tests.rpc.sources.clips import RATE, TICKS, make_clip
from tests.rpc.sources.playing import decoded, failure, playing
from tests.rpc.sources.visitors import counting_visitors

PICTURES = 100
ONE_ADDRESS = (ipaddress.ip_network("127.0.0.1/32"),)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rtmp") / "film.mp4"
    make_clip(path, "mp4", PICTURES, b_frames=0)
    return path


@contextmanager
def publishing(url: str, film: Path) -> Iterator[None]:
    """`film` at its own speed, once, from when the block begins; a thread does it."""
    began = threading.Event()
    publisher = threading.Thread(target=_publish, args=(url, film, began))
    publisher.start()
    try:
        assert began.wait(10)
        yield
    finally:
        publisher.join()


def _publish(url: str, film: Path, began: threading.Event) -> None:
    with av.open(str(film)) as container, av.open(url, "w", format="flv") as server:
        streams = {stream: server.add_stream_from_template(stream) for stream in container.streams.get()}
        start = time.monotonic()
        for packet in container.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            time.sleep(max(0.0, start + float(packet.dts * packet.time_base) - time.monotonic()))
            packet.stream = streams[packet.stream]
            server.mux(packet)
            began.set()


async def test_what_is_published_arrives_whole_and_evenly(rtmp_server: RtmpServer, film: Path) -> None:
    url = rtmp_server.url("gate")
    with publishing(url, film):
        async with playing(url) as camera:
            await asyncio.wait((camera.task,), timeout=15)
            assert camera.task.done()
            pictures, sounds = camera.sink.video, camera.sink.audio
            assert len(pictures) >= PICTURES // 2
            assert pictures[0][2]
            assert {later[1] - earlier[1] for earlier, later in itertools.pairwise(pictures)} == {TICKS}
            # FLV's times begin where the sound does, which is less than a picture before the first one
            assert 0 <= pictures[-1][1] - (PICTURES - 1) * TICKS < TICKS
            assert decoded(camera) == len(pictures)
            video, audio = camera.sink.tracks[0]
            assert (video.codec, video.clock_rate, len(video.parameter_sets)) == ("h264", 90000, 2)
            assert audio is not None
            assert (audio.codec, audio.clock_rate, audio.channels) == ("aac", 48000, 1)
            assert len(audio.config) >= 2
            steps = [later[1] - earlier[1] for earlier, later in itertools.pairwise(sounds)]
            assert all(abs(step - 1024) <= 48 for step in steps)  # RTMP tells milliseconds
            assert len(sounds) >= len(pictures) / RATE * 48000 / 1024 - 2
            assert camera.sink.losses == []


async def test_the_server_is_told_the_name_and_reached_where_it_was_checked(
    rtmp_server: RtmpServer, film: Path
) -> None:
    answers = iter([["127.0.0.1"]])

    async def look_up(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("camera.test", rtmp_server.port)
        return next(answers)

    with publishing(rtmp_server.url("square"), film):
        network = SourceNetwork(ONE_ADDRESS, look_up)
        async with playing(rtmp_server.url("square", "camera.test"), network=network) as camera:
            await camera.pictures(10)
    assert next(answers, None) is None
    said = f"PLAY rtmp://camera.test:{rtmp_server.port}/live square"
    for _ in range(50):
        if said in rtmp_server.visits():
            break
        await asyncio.sleep(0.1)
    assert said in rtmp_server.visits()


async def test_a_forbidden_address_is_never_connected_to() -> None:
    async with counting_visitors("127.0.0.2") as elsewhere:
        network = SourceNetwork(ONE_ADDRESS)
        error = await failure(f"rtmp://127.0.0.2:{elsewhere.port}/live/gate", network=network)
        assert error.code == "camera.host_denied"

        async def look_up(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1", "127.0.0.2"]

        network = SourceNetwork(ONE_ADDRESS, look_up)
        error = await failure(f"rtmp://camera.test:{elsewhere.port}/live/gate", network=network)
        assert error.code == "camera.host_denied"
        assert elsewhere.visits == 0


async def test_a_stream_that_nobody_publishes_is_given_up(rtmp_server: RtmpServer) -> None:
    error = await failure(rtmp_server.url("nobody"))
    assert error.code == "camera.closed"


async def test_a_server_that_says_nothing_is_given_up_and_its_thread_ends() -> None:
    async with _mute() as port:
        assert (await failure(f"rtmp://127.0.0.1:{port}/live/x")).code == "camera.timeout"
        for _ in range(50):
            if not any(thread.name == "libav source" for thread in threading.enumerate()):
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the thread is still there")


@asynccontextmanager
async def _mute() -> AsyncIterator[int]:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
