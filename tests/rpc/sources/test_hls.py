"""HLS through our own HTTP: live and recorded, MPEG-TS and fMP4, encrypted, in byte ranges, in trouble."""

import asyncio
import base64
import itertools
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from services.ingest.sources.source import Credentials
from tests.rpc.sources.clips import TICKS, make_clip
from tests.rpc.sources.playing import Playing, decoded, failure, playing

PICTURES = 200
GROUP = 10
SEGMENT_S = 0.4
WINDOW = 5

KINDS = ("ts", "fmp4", "ts-aes", "fmp4-aes", "ts-ranges")


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same eight seconds in segments of ten pictures, a folder for each kind."""
    folder = tmp_path_factory.mktemp("hls")
    for kind in KINDS:
        place = folder / kind
        place.mkdir()
        options = {"hls_time": str(SEGMENT_S), "hls_list_size": "0", "hls_playlist_type": "vod"}
        if "fmp4" in kind:
            options["hls_segment_type"] = "fmp4"
        if kind == "ts-aes":
            (place / "the.key").write_bytes(secrets.token_bytes(16))
            (place / "key.info").write_text(f"the.key\n{place / 'the.key'}\n{secrets.token_hex(16)}\n")
            options["hls_key_info_file"] = str(place / "key.info")
        if "ranges" in kind:
            options["hls_flags"] = "single_file"
        make_clip(place / "vod.m3u8", "hls", PICTURES, group=GROUP, b_frames=0, options=options)
        if kind == "fmp4-aes":
            encrypt(place)
        segments = (place / "vod.m3u8").read_text().count("#EXTINF")
        assert segments == PICTURES // GROUP
    return folder


def encrypt(folder: Path) -> None:
    """What libav does not write: fMP4 under AES-128, its init section too (RFC 8216, 4.3.2.4 and 4.3.2.5)."""
    key, vector = secrets.token_bytes(16), secrets.token_bytes(16)
    (folder / "the.key").write_bytes(key)
    for path in (*folder.glob("*.m4s"), folder / "init.mp4"):
        padder = PKCS7(128).padder()
        encryptor = Cipher(AES(key), CBC(vector)).encryptor()
        plain = padder.update(path.read_bytes()) + padder.finalize()
        path.write_bytes(encryptor.update(plain) + encryptor.finalize())
    line = f'#EXT-X-KEY:METHOD=AES-128,URI="the.key",IV=0x{vector.hex()}\n#EXT-X-MAP'
    playlist = folder / "vod.m3u8"
    playlist.write_text(playlist.read_text().replace("#EXT-X-MAP", line, 1))


@asynccontextmanager
async def serving(
    folder: Path, *middlewares: Callable[..., object], live_from: float | None = None
) -> AsyncIterator[str]:
    """The files of `folder`, and `live.m3u8`: a window of the recording that moves with the clock."""

    async def live(request: web.Request) -> web.Response:
        assert live_from is not None
        return web.Response(
            text=live_playlist((folder / "vod.m3u8").read_text(), time.monotonic() - live_from),
            content_type="application/vnd.apple.mpegurl",
        )

    application = web.Application(middlewares=middlewares)  # type: ignore[arg-type]
    application.router.add_get("/live.m3u8", live)
    application.router.add_get("/live", live)
    application.router.add_static("/", folder)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def live_playlist(vod: str, age: float) -> str:
    """The last segments of those that were there after `age` seconds, with the ones before them gone."""
    head, *segments = re.split(r"(?=#EXTINF)", vod.replace("#EXT-X-ENDLIST\n", ""))
    head = re.sub(r"#EXT-X-(PLAYLIST-TYPE|MEDIA-SEQUENCE):.*\n", "", head)
    last = min(WINDOW + int(age / SEGMENT_S), len(segments))
    first = last - WINDOW
    end = "#EXT-X-ENDLIST\n" if last == len(segments) else ""
    return f"{head}#EXT-X-MEDIA-SEQUENCE:{first}\n{''.join(segments[first:last])}{end}"


def is_even(camera: Playing) -> bool:
    """Whether each picture follows the one before by one frame."""
    return {later[1] - earlier[1] for earlier, later in itertools.pairwise(camera.sink.video)} == {TICKS}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_recording_plays_whole(recordings: Path, kind: str) -> None:
    async with serving(recordings / kind) as site, playing(f"{site}/vod.m3u8") as camera:
        await asyncio.wait_for(camera.task, 20)
        assert len(camera.sink.video) == PICTURES
        assert is_even(camera)
        assert decoded(camera) == PICTURES
        assert camera.sink.tracks[0][1] is not None
        sounds = [pts for _, pts in camera.sink.audio]
        assert {later - earlier for earlier, later in itertools.pairwise(sounds)} == {1024}
        # sound that MPEG-TS has before the first picture is not told
        assert len(sounds) >= PICTURES * 48000 // 25 // 1024 - 5
        assert camera.sink.losses == []


@pytest.mark.parametrize("kind", ["ts", "fmp4", "ts-aes"])
async def test_a_live_playlist_is_loaded_again_and_again_and_nothing_is_missed(
    recordings: Path, kind: str
) -> None:
    async with (
        serving(recordings / kind, live_from=time.monotonic()) as site,
        playing(f"{site}/live.m3u8") as camera,
    ):
        await asyncio.wait_for(camera.task, 30)
        assert len(camera.sink.video) >= PICTURES - WINDOW * GROUP
        assert is_even(camera)
        assert decoded(camera) == len(camera.sink.video)


async def test_a_playlist_is_known_by_its_type_where_its_name_does_not_tell(recordings: Path) -> None:
    async with (
        serving(recordings / "ts", live_from=time.monotonic()) as site,
        playing(f"{site}/live") as camera,
    ):
        await camera.pictures(20)


async def test_variants_and_their_files_are_asked_for_with_the_credentials(recordings: Path) -> None:
    folder = recordings / "ts"
    (folder / "variants.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nvod.m3u8\n")
    asked: list[tuple[str, bool]] = []

    @web.middleware
    async def guarded(request: web.Request, handler: Callable[..., object]) -> object:
        expected = "Basic " + base64.b64encode(b"admin:p@ss:w").decode()
        right = request.headers.get("Authorization") == expected
        asked.append((request.path, right))
        if not right:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="hls"'})
        return await handler(request)  # type: ignore[misc]

    async with serving(folder, guarded) as site:
        url = f"{site}/variants.m3u8"
        async with playing(url, credentials=Credentials("admin", "p@ss:w")) as camera:
            await asyncio.wait_for(camera.task, 20)
            assert len(camera.sink.video) == PICTURES
        assert [path for path, right in asked if not right] == ["/variants.m3u8"]
        error = await failure(url, credentials=Credentials("admin", "secret"))
        assert (error.code, error.detail) == ("camera.auth_failed", "401 after Basic")
        assert (await failure(url)).code == "camera.auth_failed"


async def test_digest_credentials_are_taken_too(recordings: Path) -> None:
    @web.middleware
    async def guarded(request: web.Request, handler: Callable[..., object]) -> object:
        if f'uri="{request.path}"' not in request.headers.get("Authorization", ""):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Digest realm="hls", nonce="1"'})
        return await handler(request)  # type: ignore[misc]

    async with serving(recordings / "ts", guarded) as site:
        url = f"{site.replace('://', '://admin:secret@')}/vod.m3u8"
        async with playing(url) as camera:
            await asyncio.wait_for(camera.task, 20)
            assert len(camera.sink.video) == PICTURES


async def test_a_session_kept_in_a_cookie_is_kept(recordings: Path) -> None:
    @web.middleware
    async def guarded(request: web.Request, handler: Callable[..., object]) -> object:
        if request.path != "/live.m3u8" and request.cookies.get("session") != "7":
            raise web.HTTPForbidden
        response = await handler(request)  # type: ignore[misc]
        response.set_cookie("session", "7")
        return response

    async with (
        serving(recordings / "ts", guarded, live_from=time.monotonic()) as site,
        playing(f"{site}/live.m3u8") as camera,
    ):
        await camera.pictures(20)


async def test_a_segment_that_is_gone_is_skipped(recordings: Path) -> None:
    @web.middleware
    async def forgetful(request: web.Request, handler: Callable[..., object]) -> object:
        if request.path == "/vod7.ts":
            raise web.HTTPNotFound
        return await handler(request)  # type: ignore[misc]

    async with serving(recordings / "ts", forgetful) as site, playing(f"{site}/vod.m3u8") as camera:
        await asyncio.wait_for(camera.task, 20)
        # MPEG-TS tells of the hole: the picture before it may not be whole
        assert len(camera.sink.video) + sum(camera.sink.losses) == PICTURES - GROUP
        assert sum(camera.sink.losses) <= 1


async def test_a_playlist_whose_segments_are_all_gone_says_so(recordings: Path) -> None:
    @web.middleware
    async def forgetful(request: web.Request, handler: Callable[..., object]) -> object:
        if request.path.endswith(".ts"):
            raise web.HTTPNotFound
        return await handler(request)  # type: ignore[misc]

    async with serving(recordings / "ts", forgetful) as site:
        assert (await failure(f"{site}/vod.m3u8")).code == "camera.not_found"
