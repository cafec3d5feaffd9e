"""Files and HTTP play through libav with the same promises."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web

from tests.rpc.sources.playing import decoded, failure, playing


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of video with B-frames and sound, as MP4, MPEG-TS and HLS."""
    folder = tmp_path_factory.mktemp("media")
    for name, form in (("clip.mp4", "mp4"), ("clip.ts", "mpegts"), ("clip.m3u8", "hls")):
        with av.open(str(folder / name), "w", format=form) as container:
            video = container.add_stream("libx264", rate=25, options={"g": "25", "bf": "2"})
            video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
            audio = container.add_stream("aac", rate=48000, layout="mono")
            for number in range(25):
                picture = np.full((90, 160, 3), 10 * number, np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
            for number in range(47):
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                sound.sample_rate, sound.pts, sound.time_base = 48000, number * 1024, Fraction(1, 48000)
                container.mux(audio.encode(sound))
            container.mux(video.encode(None))
            container.mux(audio.encode(None))
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


@pytest.mark.parametrize("name", ["clip.m3u8", "clip.ts"])
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


async def test_http_goes_to_the_checked_address_in_the_asked_name_and_no_further() -> None:
    asked: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((request.path, request.host))
        raise web.HTTPFound("/elsewhere.ts")

    application = web.Application()
    application.router.add_get("/{path}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        assert (await failure(f"http://localhost:{port}/gate.ts")).code.startswith("camera.")
    finally:
        await runner.cleanup()
    assert set(asked) == {("/gate.ts", f"localhost:{port}")}


async def test_http_errors_are_told(web_url: str) -> None:
    assert (await failure(f"{web_url}/none.ts")).code == "camera.not_found"
    assert (await failure("http://u:secret@127.0.0.1:9/x")).code == "camera.unreachable"
    assert (await failure("rtmp://127.0.0.1:9/live/x")).code == "camera.unreachable"


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await failure(f"http://127.0.0.1:{port}/x.ts")).code == "camera.timeout"
