"""Connections that are read in rounds get everything, keep to themselves what is not whole, and end."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.client.connection import Connection, connect
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import SourceError
from tests.unit.sources.packets import frame, sized
from tests.unit.sources.recorder import Recorder

SLICE = b"\x41\x9a" + bytes(range(1, 100))


class Camera:
    """The far end of a connection, and what came out at the near end."""

    def __init__(self, connection: Connection, far: socket.socket) -> None:
        self.connection = connection
        self.far = far
        self.sink = Recorder()
        connection.channels[0] = VideoReceiver(0, 96, H264Depacketiser(), self.sink, 1 << 20)
        connection.read_in_rounds()

    async def pictures(self, count: int) -> None:
        await self.sink.until(lambda: len(self.sink.video) == count)


@asynccontextmanager
async def camera(rounds: ReadRounds) -> AsyncIterator[Camera]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connection = await connect(["127.0.0.1"], port, lambda request: None, rounds, within=5)
        far, _ = server.accept()
        with far:
            yield Camera(connection, far)
        connection.close(farewell=False)


async def test_cameras_that_share_a_buffer_do_not_mix() -> None:
    rounds = ReadRounds()
    async with camera(rounds) as first, camera(rounds) as second:
        wires = [
            b"".join(frame(SLICE, sequence=i, timestamp=start + i, marker=True) for i in range(20))
            for start in (0, 1000)
        ]
        for at in range(0, len(wires[0]), 150):  # every round ends somewhere within a frame
            for one, wire in zip((first, second), wires, strict=True):
                one.far.sendall(wire[at : at + 150])
            first.connection.read_round()
            second.connection.read_round()
        for one, start in ((first, 0), (second, 1000)):
            await one.pictures(20)
            assert one.sink.video == [(sized(SLICE), start + i, False) for i in range(20)]
            assert one.connection.skipped == 0


async def test_a_camera_that_hangs_up_ends_its_connection_and_no_other() -> None:
    rounds = ReadRounds()
    async with camera(rounds) as first, camera(rounds) as second:
        first.far.close()
        with pytest.raises(SourceError, match="closed the connection"):
            await asyncio.wait_for(asyncio.shield(first.connection.closed), 5)
        second.far.sendall(frame(SLICE, sequence=0, marker=True))
        await second.pictures(1)


async def test_a_connection_that_was_closed_is_read_no_more() -> None:
    rounds = ReadRounds()
    async with camera(rounds) as first:
        first.connection.close(farewell=False)
        first.far.setblocking(False)
        far_end = asyncio.get_running_loop().sock_recv(first.far, 1)
        assert await asyncio.wait_for(far_end, 5) == b""


async def test_what_closes_a_connection_in_the_middle_of_a_round_lets_nothing_else_be_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "another").write_bytes(bytes(1 << 20))
    opened: list[int] = []

    class Closer(Recorder):
        def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
            if not opened:
                near.connection.close(farewell=False)
                # the least numbers that are free: the one that was read is among them
                opened.extend(os.open(tmp_path / "another", os.O_RDONLY) for _ in range(8))

    async with camera(ReadRounds()) as near:
        near.connection.channels[0] = VideoReceiver(0, 96, H264Depacketiser(), Closer(), 1 << 20)
        wire = frame(SLICE, sequence=0, marker=True)
        wire += b"".join(frame(SLICE * 10, sequence=1 + i, timestamp=1) for i in range(100))
        near.far.sendall(wire)
        async with asyncio.timeout(5):
            while not opened:  # noqa: ASYNC110 - a round reads it
                await asyncio.sleep(0.01)
        try:
            assert [os.lseek(descriptor, 0, os.SEEK_CUR) for descriptor in opened] == [0] * 8
        finally:
            for descriptor in opened:
                os.close(descriptor)


async def test_a_round_of_full_buffers_lets_others_work_in_between() -> None:
    rounds, loop = ReadRounds(), asyncio.get_running_loop()
    told: list[str] = []

    class Busy:
        def read_round(self) -> None:
            told.append("read")
            time.sleep(0.015)

    for _ in range(50):  # ten in each group
        rounds.add(Busy())

    def look() -> None:
        if told[-1:] == ["read"]:
            told.append("break")
        if told.count("break") < 8:
            loop.call_soon(look)
        else:
            done.set_result(None)

    done = loop.create_future()
    loop.call_soon(look)
    await asyncio.wait_for(done, 10)
    runs = "".join(word[0] for word in told).split("b")
    assert max(map(len, runs)) < 10


async def test_who_leaves_during_a_round_with_breaks_is_asked_no_more() -> None:
    rounds = ReadRounds()
    asked: list[str] = []

    class Leaver:
        def __init__(self, name: str) -> None:
            self.name = name
            self.others: list[Leaver] = []

        def read_round(self) -> None:
            asked.append(self.name)
            for other in self.others:
                rounds.remove(other)
            time.sleep(0.03)

    leavers = [Leaver(name) for name in "abcdefghij"]  # two in each group
    for leaver in leavers:
        leaver.others = [other for other in leavers if other is not leaver]
        rounds.add(leaver)
    await asyncio.sleep(0.5)
    assert len(set(asked)) == 1
