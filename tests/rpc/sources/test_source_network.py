"""No source is led outside the allowed networks: not by a name, a playlist, a redirect or an SDP."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import SourceError
from tests.rpc.sources.clips import make_clip
from tests.rpc.sources.playing import failure, playing
from tests.rpc.sources.scripted import TRANSPORT, UDP_TRANSPORT, Client, scripted
from tests.rpc.sources.visitors import Visitors, counting_visitors

ONE_ADDRESS = (ipaddress.ip_network("127.0.0.1/32"),)
NETWORK = SourceNetwork(ONE_ADDRESS)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.ts"
    make_clip(path, "mpegts")
    return path.read_bytes()


@pytest.fixture
async def forbidden() -> AsyncIterator[Visitors]:
    """A server outside the allowed networks."""
    async with counting_visitors("127.0.0.2") as visitors:
        yield visitors


@asynccontextmanager
async def site(**files: str | bytes) -> AsyncIterator[str]:
    """A server inside: `a_ts="..."` is at "/a.ts". Any host is served, and `{port}` in a text is its port."""

    async def answer(request: web.Request) -> web.Response:
        content = files.get(request.path.removeprefix("/").replace(".", "_"))
        if content is None:
            raise web.HTTPNotFound
        if isinstance(content, str):
            content = content.replace("{port}", str(request.url.port)).encode()
        return web.Response(body=content)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


MEDIA = "#EXT-X-TARGETDURATION:1\n"
KEY = '#EXT-X-KEY:METHOD=AES-128,URI="{}"\n'
SEGMENT = "#EXTINF:1,\n{}\n"
END = "#EXT-X-ENDLIST\n"
VARIANT = "#EXT-X-STREAM-INF:BANDWIDTH=1{}\n{}\n"
THERE = "THERE"
PLAYLISTS = {
    "segment": MEDIA + SEGMENT.format("THERE/a.ts") + END,
    "second segment": MEDIA + SEGMENT.format("a.ts") + SEGMENT.format("THERE/b.ts") + END,
    "live segment": MEDIA + SEGMENT.format("THERE/a.ts"),
    "key": MEDIA + KEY.format("THERE/k.key") + SEGMENT.format("a.ts") + END,
    "encrypted segment": MEDIA + KEY.format("k.key") + SEGMENT.format("THERE/a.ts") + END,
    "init section": MEDIA + '#EXT-X-MAP:URI="THERE/i.mp4"\n' + SEGMENT.format("a.m4s") + END,
    "variant": VARIANT.format("", "THERE/v.m3u8"),
    "rendition": '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="THERE/v.m3u8"\n'
    + VARIANT.format(',AUDIO="a"', "v.m3u8"),
}


async def play_playlist(part: str, there: str, film: bytes, network: SourceNetwork) -> SourceError:
    playlist = "#EXTM3U\n#EXT-X-VERSION:7\n" + PLAYLISTS[part].replace(THERE, there)
    inner = f"#EXTM3U\n{MEDIA}{SEGMENT.format('a.ts')}{END}"
    async with site(p_m3u8=playlist, v_m3u8=inner, a_ts=film, a_m4s=film, k_key=b"k" * 16) as here:
        return await failure(f"http://{here}/p.m3u8", network=network)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("part", PLAYLISTS)
async def test_a_playlist_leads_nowhere_else(
    part: str, scheme: str, film: bytes, forbidden: Visitors
) -> None:
    error = await play_playlist(part, f"{scheme}://127.0.0.2:{forbidden.port}", film, NETWORK)
    assert error.code == "camera.host_denied"
    assert error.detail == "127.0.0.2 lies outside the allowed source networks"
    assert forbidden.visits == 0


@pytest.mark.parametrize("part", ["segment", "key", "encrypted segment", "init section", "variant"])
async def test_where_it_is_allowed_a_playlist_does_lead_elsewhere(
    part: str, film: bytes, forbidden: Visitors
) -> None:
    both = SourceNetwork((ipaddress.ip_network("127.0.0.0/30"),))
    error = await play_playlist(part, f"http://127.0.0.2:{forbidden.port}", film, both)
    assert error.code == "camera.closed"
    assert forbidden.visits > 0


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd.ts",
        "/etc/passwd.ts",
        "tcp://127.0.0.2:{port}/a.ts",
        "rtmp://127.0.0.2:{port}/live/a.ts",
        "concat:http://127.0.0.2:{port}/a.ts",
        "data:video/mp2t;base64,AAAA.ts",
        "subfile,,start,0,end,9,,:/etc/passwd.ts",
    ],
)
async def test_a_playlist_leads_to_nothing_but_http(place: str, film: bytes, forbidden: Visitors) -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{place}\n#EXT-X-ENDLIST\n"
    async with (
        site(p_m3u8=playlist.replace("{port}", str(forbidden.port))) as here,
        playing(f"http://{here}/p.m3u8", network=NETWORK) as camera,
    ):
        await asyncio.wait((camera.task,), timeout=15)
        assert camera.task.done()
        assert camera.sink.video == []
    assert forbidden.visits == 0


@pytest.mark.parametrize("scheme", ["http", "https", "rtmp", "rtsp", "rtsp+udp"])
async def test_a_name_is_looked_up_once_and_the_answer_kept(scheme: str, forbidden: Visitors) -> None:
    """At the second look-up the name would lead elsewhere (DNS rebinding)."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def look_up(host: str, port: int) -> Sequence[str]:
        assert host == "camera.test"
        return answers.pop(0)

    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))
        writer.close()

    # both listen on the same port, for the name tells no other
    server = await asyncio.start_server(take, "127.0.0.1", forbidden.port)
    async with server:
        url = f"{scheme}://camera.test:{forbidden.port}/live/a.ts"
        error = await failure(url, network=SourceNetwork(ONE_ADDRESS, look_up))
    assert error.code in ("camera.closed", "camera.protocol_error")
    assert len(came) == 1
    assert answers == [["127.0.0.2"]]
    assert forbidden.visits == 0


async def test_a_name_that_leads_elsewhere_later_is_refused_then(film: bytes, forbidden: Visitors) -> None:
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n"
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def look_up(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async with site(p_m3u8=playlist, a_ts=film) as here:
        port = here.rpartition(":")[2]
        url = f"http://camera.test:{port}/p.m3u8"
        error = await failure(url, network=SourceNetwork(ONE_ADDRESS, look_up))
    assert error.code == "camera.host_denied"
    assert forbidden.visits == 0


async def test_one_forbidden_address_of_a_name_is_enough(forbidden: Visitors) -> None:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1", "127.0.0.2"]

    network = SourceNetwork(ONE_ADDRESS, look_up)
    for scheme in ("http", "https", "rtmp", "rtsp", "rtsp+udp"):
        error = await failure(f"{scheme}://camera.test:{forbidden.port}/live/a.ts", network=network)
        assert error.code == "camera.host_denied", scheme
    assert forbidden.visits == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_http_redirects_are_not_followed(status: int, forbidden: Visitors) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"http://127.0.0.2:{forbidden.port}/a.ts"})

    application = web.Application()
    application.router.add_get("/a.ts", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        error = await failure(f"http://127.0.0.1:{runner.addresses[0][1]}/a.ts", network=NETWORK)
    finally:
        await runner.cleanup()
    assert error.code == "camera.protocol_error"
    assert error.detail == f"the server redirects ({status}), which is not followed"
    assert forbidden.visits == 0


@pytest.mark.parametrize("scheme", ["rtsp", "rtsp+udp"])
@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
async def test_rtsp_redirects_are_checked(scheme: str, method: str, forbidden: Visitors) -> None:
    async def script(client: Client) -> None:
        transport = TRANSPORT if scheme == "rtsp" else UDP_TRANSPORT
        while await client.next() != method:
            client.answer(transport=transport)
        client.reply("302 Found", f"Location: rtsp://127.0.0.2:{forbidden.port}/cam\r\n")
        await client.next()

    async with scripted(script) as (url, _):
        error = await failure(url.replace("rtsp:", f"{scheme}:"), network=NETWORK)
    assert error.code == "camera.host_denied"
    assert forbidden.visits == 0


async def test_a_camera_cannot_have_datagrams_sent_elsewhere(forbidden: Visitors) -> None:
    port = f"server_port={forbidden.port}-{forbidden.port}"
    transport = UDP_TRANSPORT.replace(
        "server_port=5004-5005", f"source=127.0.0.2;destination=127.0.0.2;{port}"
    )

    async def script(client: Client) -> None:
        await client.until_playing(transport=transport)
        await client.next()

    async with scripted(script) as (url, _):
        error = await failure(url.replace("rtsp:", "rtsp+udp:"), network=NETWORK)
    assert error.code == "camera.timeout"
    assert forbidden.visits == 0


async def test_an_sdp_leads_nowhere_else(forbidden: Visitors) -> None:
    there = f"rtsp://127.0.0.2:{forbidden.port}/cam"

    async def script(client: Client) -> None:
        sdp = (
            f"v=0\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\na=control:{there}\r\n"
            f"m=video {forbidden.port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:{there}/1\r\n"
        )
        await client.until_playing(sdp=sdp, base=f"Content-Base: {there}/\r\n")
        await client.pictures(5)

    async with scripted(script) as (url, asked):
        await failure(url, network=NETWORK)
        assert f"SETUP {there}/1" in asked
    assert forbidden.visits == 0
