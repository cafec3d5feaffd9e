"""Files and HTTP play through libav with the same promises; HLS has tests of its own."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.rpc.sources.clips import make_clip
from tests.rpc.sources.playing import decoded, failure, playing


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of video with B-frames and sound, as MP4, MPEG-TS and HLS."""
    folder = tmp_path_factory.mktemp("media")
    for name, form in (("clip.mp4", "mp4"), ("clip.ts", "mpegts"), ("clip.m3u8", "hls")):
        make_clip(folder / name, form)
    (folder / "sneaky.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{folder}/clip.ts\n#EXT-X-ENDLIST\n")
    (folder / "text.mp4").write_text("no film")
    return folder


@pytest.fixture
async def web_url(media: Path) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_static("/", media)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts"])
async def test_a_file_plays_in_real_time_and_for_ever(media: Path, name: str) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with playing(f"file:{name}", media_dir=media) as camera:
        units = await camera.pictures(60)
        assert 2.0 <= loop.time() - began <= 6.0
        video, audio = camera.sink.tracks[0]
        assert (video.codec, video.clock_rate, len(video.parameter_sets)) == ("h264", 90000, 2)
        assert audio is not None
        assert (audio.codec, audio.clock_rate, audio.config[:1]) == ("aac", 48000, b"\x11")
        stamps = sorted(pts for _, pts, _ in units[:50])
        steps = [later - earlier for earlier, later in itertools.pairwise(stamps)]
        assert steps[:24] + steps[25:] == [3600] * 48
        assert 3600 <= steps[24] <= 13500  # the seam: sound outlasts the picture a little
        assert [i for i, (_, _, key) in enumerate(units) if key] == [0, 25, 50]
        assert camera.sink.parameter_sets == []
        assert decoded(camera) >= 50
        assert not any(data.startswith(b"\xff\xf1") for data, _ in camera.sink.audio)


@pytest.mark.parametrize("name", ["clip.m3u8", "clip.ts", "clip.mp4"])
async def test_http_plays_to_its_end(web_url: str, name: str) -> None:
    async with playing(f"{web_url}/{name}") as camera:
        await asyncio.wait_for(camera.task, 15)
        assert len(camera.sink.video) == 25
        assert len(camera.sink.audio) >= 46


async def test_a_playlist_cannot_lead_to_files(web_url: str, media: Path) -> None:
    async with playing(f"{web_url}/sneaky.m3u8") as camera:
        await asyncio.wait((camera.task,), timeout=15)
        assert camera.task.done()
        assert camera.sink.video == []
    assert (await failure("file:sneaky.m3u8", media_dir=media)).code == "camera.protocol_error"


async def test_what_is_no_film_is_not_understood(media: Path) -> None:
    assert (await failure("file:text.mp4", media_dir=media)).code == "camera.protocol_error"


async def test_http_errors_are_told(web_url: str) -> None:
    assert (await failure(f"{web_url}/none.ts")).code == "camera.not_found"
    assert (await failure("http://u:secret@127.0.0.1:9/x")).code == "camera.unreachable"
    assert (await failure("rtmp://127.0.0.1:9/live/x")).code == "camera.unreachable"


@asynccontextmanager
async def answering(*parts: bytes, then: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads a request, sends `parts` and closes `then` seconds later; with what it read."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            for part in parts:
                writer.write(part)
                await writer.drain()
            async with asyncio.timeout(then):
                await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}", asked


async def test_the_server_is_asked_in_the_name_of_the_url() -> None:
    async with answering(b"HTTP/1.1 404 Not Found\r\n\r\n") as (site, asked):
        await failure(f"{site}/村口 1.ts?a=b%20c&d=1".replace(" ", "%20"))
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /%E6%9D%91%E5%8F%A3%201.ts?a=b%20c&d=1 HTTP/1.1"
    assert f"Host: {site.removeprefix('http://')}" in lines
    assert not any(line.startswith("Authorization") for line in lines)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "camera.closed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "camera.protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(100), "camera.closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + bytes(10), "camera.closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "camera.closed"),
        (b"HTTP/1.1 500 Oops\r\n\r\n", "camera.protocol_error"),
        (b"HTTP/1.1 403 No\r\n\r\n", "camera.auth_failed"),
        (b"HTTP/1.1 401 Who\r\n\r\n", "camera.auth_failed"),
        (b"HTTP/1.1 410 Gone\r\n\r\n", "camera.not_found"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "camera.protocol_error"),
    ],
)
async def test_answers_that_are_no_film_are_told_apart(answer: bytes, code: str) -> None:
    async with answering(answer) as (site, _):
        error = await failure(f"{site.replace('://', '://admin:secret@')}/x.ts")
    assert error.code == code
    assert "secret" not in str(error)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100)])
async def test_a_server_that_falls_silent_is_given_up(said: bytes) -> None:
    async with answering(said, then=20) as (site, _):
        assert (await failure(f"{site}/x.ts")).code == "camera.timeout"


async def test_a_source_that_is_stopped_leaves_no_thread_waiting() -> None:
    def threads() -> int:
        return sum(thread.name == "libav source" for thread in threading.enumerate())

    async with answering(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100), then=20) as (site, asked):
        before = threads()
        async with playing(f"{site}/x.ts") as camera:
            await camera.sink.until(lambda: bool(asked))
            assert threads() == before + 1
        await camera.sink.until(lambda: threads() == before, within=2)
