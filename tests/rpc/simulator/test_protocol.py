import asyncio
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from simulator.bench_sender import serve_bench
from simulator.camera import Camera
from simulator.loop.cache import EncodingFailed, LoopCache
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials
from simulator.rtsp.programme import Receiver
from simulator.server import serve_cameras
from tests.rpc.simulator.raw_client import Frame, connected

CAMERA = Camera(
    "camera", LoopParameters("茶园村 村口", "Chayuan gate", profile=Profile.H264, width=320, height=180)
)


async def seen(condition: Callable[[], bool]) -> None:
    """Waits until a condition of the file system holds; TimeoutError after 20 s."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nothing announces a file
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("DESCRIBE rtsp://h/nowhere RTSP/1.0", 404),
        ("PAUSE rtsp://h/camera RTSP/1.0", 405),
        ("PLAY rtsp://h/camera RTSP/1.0", 454),
        ("DESCRIBE rtsp://h/camera RTSP/2.0", 505),
        ("GET / HTTP/1.1 x", 400),
        ("SETUP rtsp://h/camera/trackID=0 RTSP/1.0\r\nTransport: RTP/AVP;unicast;client_port=5000-5001", 461),
        ("SETUP rtsp://h/camera/trackID=1 RTSP/1.0\r\nTransport: RTP/AVP/TCP;interleaved=0-1", 404),
    ],
)
async def test_a_bad_request_gets_its_status(request_line: str, status: int, loops: Path) -> None:
    async with serve_cameras([CAMERA], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            client.writer.write(f"{request_line}\r\nCSeq: 9\r\n\r\n".encode())
            answer = await client.response()
    assert answer.status == status
    assert "CSeq: 9" in answer.head or status == 400


async def test_digest_is_refused_with_the_nonce_of_another_connection(loops: Path) -> None:
    camera = Camera("camera", CAMERA.picture, Credentials("admin", "secret"))
    async with serve_cameras([camera], loops) as server:
        nonces = []
        for _ in range(2):
            async with connected(server.port, "camera") as client:
                answer = await client.request("DESCRIBE")
                assert answer.status == 401
                found = re.search(r'nonce="(\w+)"', answer.head)
                assert found is not None
                nonces.append(found[1])
    assert nonces[0] != nonces[1]


async def test_a_camera_still_being_encoded_keeps_its_client_waiting(tmp_path: Path) -> None:
    async with serve_cameras([CAMERA], tmp_path) as server, connected(server.port, "camera") as client:
        answer = await client.request("DESCRIBE")
    assert answer.status == 200
    assert b"m=video" in answer.body


async def test_a_session_that_says_nothing_is_given_up(loops: Path) -> None:
    camera = Camera("camera", CAMERA.picture, session_timeout=1)
    async with serve_cameras([camera], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            await client.play()
            async with asyncio.timeout(5):
                await client.reader.read(-1)
        assert server.clients(camera) == 0


async def test_interleaved_rtcp_keeps_a_session(loops: Path) -> None:
    camera = Camera("camera", CAMERA.picture, session_timeout=1)
    async with serve_cameras([camera], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            await client.play()
            for _ in range(6):
                client.writer.write(b"$\x01\x00\x08\x81\xc9\x00\x01\x00\x00\x00\x01")
                await asyncio.sleep(0.4)
            assert server.clients(camera) == 1


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    listening = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0)
    async with listening:
        _, client = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer = await accepted
        receiver = Receiver(writer.transport, (0,), backlog=1 << 20)
        for _ in range(1000):
            receiver.send(bytes(64 << 10))
            if writer.transport.is_closing():
                break
        assert writer.transport.is_closing()
        client.close()


async def test_teardown_ends_the_sending(loops: Path) -> None:
    async with serve_cameras([CAMERA], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            await client.play()
            client.writer.write(b"TEARDOWN rtsp://h/camera RTSP/1.0\r\nCSeq: 77\r\n\r\n")
            async with asyncio.timeout(5):
                rest = await client.reader.read(-1)
        assert rest.endswith(b"RTSP/1.0 200 OK\r\nCSeq: 77\r\nServer: Snowlight village\r\n\r\n")
        assert server.clients(CAMERA) == 0


def commands() -> Iterator[str]:
    """The command lines of all processes."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield file.read_text(errors="replace")


async def test_a_cancelled_encoding_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    def encoding() -> bool:
        return any(str(tmp_path) in command for command in commands())

    async with serve_cameras([CAMERA], tmp_path):
        await seen(lambda: encoding() and any(tmp_path.iterdir()))
    assert not encoding()
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240


async def test_a_loop_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    cache = LoopCache(folder, workers=1)
    folder.rmdir()
    with pytest.raises(EncodingFailed, match="茶园村"):
        await cache.provide(CAMERA.picture)


async def test_the_bench_sender_plays_at_any_path_and_goes_round(loops: Path) -> None:
    file = await LoopCache(loops, workers=1).provide(CAMERA.picture)
    async with serve_bench(file) as port, connected(port, "any/path") as client:
        assert b"H264" in (await client.request("DESCRIBE")).body
        await client.play()
        first = [await client.frame() for _ in range(30)]
    assert [frame.payload[12] & 0x1F for frame in first[:2]] == [7, 8]
    assert [frame.sequence for frame in first] == list(range(30))


async def test_the_bench_sender_closes_one_connection_after_another(loops: Path) -> None:
    file = await LoopCache(loops, workers=1).provide(CAMERA.picture)
    async with (
        serve_bench(file, cut_each_s=2.0) as port,
        connected(port, "first") as first,
        connected(port, "second") as second,
    ):
        for client in (first, second):
            await client.play()
        for client in (first, second):  # each to its end, after whole frames
            with pytest.raises(EOFError):
                while True:
                    await client.frame()


async def test_clients_of_a_live_bench_camera_get_the_same_pictures(loops: Path) -> None:
    file = await LoopCache(loops, workers=1).provide(CAMERA.picture)
    async with serve_bench(file, live=True) as port, connected(port, "gate") as one:
        await one.play()
        before = [await one.frame() for _ in range(60)]
        async with connected(port, "gate") as two:
            await two.play()
            joined = await two.frame()
            seen = [*before, *[await one.frame() for _ in range(120)]]
    same = [frame for frame in seen if frame.sequence == joined.sequence]
    assert [frame.payload for frame in same] == [joined.payload]
    assert joined.sequence > before[0].sequence


async def test_the_bench_sender_plays_noise_beside_the_pictures(loops: Path) -> None:
    file = await LoopCache(loops, workers=1).provide(CAMERA.picture)
    async with serve_bench(file, noise=True) as port, connected(port, "any/path") as client:
        assert b"PCMA/8000" in (await client.request("DESCRIBE")).body
        await client.play(2)
        sound: list[Frame] = []
        while len(sound) < 10:
            frame = await client.frame()
            if frame.channel == 2:
                sound.append(frame)
    assert {
        (frame.sequence - sound[0].sequence - number) % 0x10000 for number, frame in enumerate(sound)
    } == {0}
    assert {len(frame.payload) for frame in sound} == {12 + 320}


async def test_the_program_writes_its_description_and_ends_on_sigterm(loops: Path, tmp_path: Path) -> None:
    description = tmp_path / "village.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--port", "0", "--cameras", "2"),
        *("--cache", str(loops), "--json", str(description)),
    )
    try:
        await seen(description.exists)
        assert description.read_text().count("rtsp://") == 2
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
