"""An RTMP server that goes on talking without sending pictures is given up, and leaves no thread behind."""

import asyncio
import contextlib
import struct
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest

from services.ingest.sources.source import SourceError, SourceSettings
from tests.parts.rtmp import RtmpServer
from tests.rpc.sources.clips import make_clip
from tests.rpc.sources.playing import failure, playing
from tests.waiting import eventually

_HANDSHAKE = 1536
# A window acknowledgement size in a chunk of its own (RTMP 1.0, 5.3.1 and 5.4.4), which needs no answer.
_CONTROL = struct.pack(">B3s3sBII", 0x02, bytes(3), bytes((0, 0, 4)), 5, 0, 2_500_000)


@asynccontextmanager
async def chattering() -> AsyncIterator[int]:
    """A server that shakes hands and then sends control messages only; gives its port."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hello = await reader.readexactly(1 + _HANDSHAKE)
            writer.write(b"\x03" + bytes(_HANDSHAKE) + hello[1:])
            while not over.is_set():
                writer.write(_CONTROL)
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 0.05)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def test_a_server_that_sends_control_messages_only_is_given_up_and_its_thread_ends() -> None:
    before = set(threading.enumerate())
    async with chattering() as port:
        error = await failure(f"rtmp://127.0.0.1:{port}/live/x")
        assert (error.code, error.detail) == ("camera.closed", "the server broke off, or fell silent")

        async def ended() -> bool:
            return not any(thread.name == "libav source" for thread in set(threading.enumerate()) - before)

        await eventually(ended, 10)


async def test_a_stream_whose_pictures_stop_while_its_sound_goes_on_leaves_no_thread(
    rtmp_server: RtmpServer, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    make_clip(film, "mp4", 400, b_frames=0)
    before = set(threading.enumerate())
    over = threading.Event()
    publisher = threading.Thread(target=_publish, args=(rtmp_server.url("deaf"), film, over))
    publisher.start()
    try:
        async with playing(
            rtmp_server.url("deaf"), audio=False, settings=SourceSettings(silence_timeout=1.0)
        ) as camera:
            await camera.pictures(5)
            await asyncio.wait((camera.task,), timeout=20)
            with pytest.raises(SourceError, match="no video"):
                camera.task.result()

            async def ended() -> bool:
                return not any(
                    thread.name == "libav source" for thread in set(threading.enumerate()) - before
                )

            await eventually(ended, 10)
            assert publisher.is_alive()
    finally:
        over.set()
        publisher.join()


def _publish(url: str, film: Path, over: threading.Event) -> None:
    """Five seconds of `film`, and then its sound alone, at its own speed."""
    options = {"max_interleave_delta": "1"}
    with av.open(str(film)) as container, av.open(url, "w", format="flv", options=options) as server:
        streams = {stream: server.add_stream_from_template(stream) for stream in container.streams.get()}
        start = time.monotonic()
        for packet in container.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            at = float(packet.dts * packet.time_base)
            if over.wait(max(0.0, start + at - time.monotonic())):
                return
            if packet.stream.type == "audio" or at < 5:
                packet.stream = streams[packet.stream]
                server.mux(packet)
