"""What cameras get wrong ends in a sentence that people understand, or in pictures all the same."""

import asyncio
import ipaddress
import socket

import pytest

from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import SourceSettings
from tests.rpc.sources.playing import failure, playing
from tests.rpc.sources.scripted import SDP, TRANSPORT, Client, scripted
from tests.unit.sources.packets import frame
from tests.unit.sources.test_h264 import IDR

DIGEST = 'WWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Digest realm="x", nonce="{}"{}\r\n'


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = await failure(f"rtsp://u:secret@127.0.0.1:{port}/cam")
    assert error.code == "camera.unreachable"
    assert "secret" not in str(error)


async def test_a_name_that_does_not_resolve() -> None:
    assert (await failure("rtsp://no-such-camera.invalid/cam")).code in (
        "camera.unreachable",
        "camera.timeout",
    )


async def test_an_address_outside_the_source_networks_is_never_connected_to() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()

    async with scripted(script) as (url, asked):
        error = await failure(url, network=SourceNetwork((ipaddress.ip_network("10.0.0.0/8"),)))
        assert error.code == "camera.host_denied"
        assert asked == []


async def test_a_host_that_accepts_and_says_nothing() -> None:
    async def script(client: Client) -> None:
        await asyncio.sleep(60)

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert (error.code, error.detail) == ("camera.timeout", "the camera did not answer OPTIONS within 1 s")


async def test_a_camera_that_falls_silent() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures(5)
        await asyncio.sleep(60)

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert (error.code, error.detail) == ("camera.timeout", "no video for 1 s")


async def test_a_camera_that_closes_the_connection() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures(5)

    async with scripted(script) as (url, _):
        assert (await failure(url)).code == "camera.closed"


async def test_a_server_that_is_no_camera() -> None:
    async def script(client: Client) -> None:
        await client.next()
        client.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html></html>")

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert (error.code, error.detail) == ("camera.protocol_error", "what answers does not speak RTSP")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("404 Not Found", "camera.not_found"),
        ("403 Forbidden", "camera.auth_failed"),
        ("503 Service Unavailable", "camera.protocol_error"),
        ("401 Unauthorized", "camera.auth_failed"),
    ],
)
async def test_a_refusal_is_told_by_its_status(status: str, code: str) -> None:
    async def script(client: Client) -> None:
        while True:
            await client.next()
            client.reply(status)

    async with scripted(script) as (url, _):
        assert (await failure(url)).code == code


async def test_a_camera_that_only_does_udp() -> None:
    async def script(client: Client) -> None:
        while True:
            method = await client.next()
            if method == "SETUP":
                client.reply("461 Unsupported Transport")
            else:
                client.reply(body=SDP if method == "DESCRIBE" else "")

    async with scripted(script) as (url, _):
        assert (await failure(url)).code == "camera.protocol_unsupported"


@pytest.mark.parametrize(
    ("sdp", "code", "said"),
    [
        (SDP.replace("H264", "JPEG"), "camera.codec_unsupported", "JPEG"),
        ("v=0\r\nm=audio 0 RTP/AVP 0\r\n", "camera.no_video", "no video"),
        ("", "camera.no_video", "no video"),
    ],
)
async def test_a_description_without_video_that_is_carried(sdp: str, code: str, said: str) -> None:
    async def script(client: Client) -> None:
        await client.until_playing(sdp=sdp)

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert error.code == code
    assert said in error.detail


async def test_controls_are_asked_for_behind_the_query_and_the_session_is_torn_down() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures(50)
        while await client.next():
            pass

    async with scripted(script) as (url, asked):
        async with playing(url) as camera:
            await camera.pictures(20)
        # The server was still sending when the client left, and yet reads the farewell.
        await camera.sink.until(lambda: asked[-1].startswith("TEARDOWN"))
        assert asked == [
            f"OPTIONS {url}",
            f"DESCRIBE {url}",
            f"SETUP {url}/trackID=0",
            f"PLAY {url}",
            f"TEARDOWN {url}",
        ]


async def test_the_content_base_is_where_controls_start() -> None:
    async def script(client: Client) -> None:
        await client.until_playing(base="Content-Base: rtsp://10.0.0.9/inside/\r\n")
        await client.pictures()

    async with scripted(script) as (url, asked), playing(url) as camera:
        await camera.pictures(3)
        assert asked[2:] == ["SETUP rtsp://10.0.0.9/inside/trackID=0", "PLAY rtsp://10.0.0.9/inside/"]


async def test_the_channels_granted_are_the_ones_read() -> None:
    async def script(client: Client) -> None:
        await client.until_playing(transport=TRANSPORT.replace("0-1", "4-5"))
        for picture in range(20):
            client.send(frame(IDR, sequence=picture, timestamp=picture, marker=True, channel=4))
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url) as camera:
        await camera.pictures(20)


async def test_a_redirect_is_followed_and_checked_anew() -> None:
    async def target(client: Client) -> None:
        await client.until_playing()
        await client.pictures()

    async with scripted(target) as (elsewhere, _):

        async def script(client: Client) -> None:
            await client.next()
            client.reply()
            await client.next()
            client.reply("302 Moved Temporarily", f"Location: {elsewhere}\r\n")
            await client.next()

        async with scripted(script) as (url, _), playing(url) as camera:
            await camera.pictures(3)

        async def lead_astray(client: Client) -> None:
            await client.next()
            client.reply("301 Moved", "Location: rtsp://192.0.2.1/cam\r\n")

        async with scripted(lead_astray) as (url, _):
            assert (await failure(url)).code == "camera.host_denied"


async def test_a_camera_that_redirects_in_a_circle() -> None:
    async def script(client: Client) -> None:
        await client.next()
        client.reply("302 Moved", f"Location: {client.request.split()[1]}\r\n")

    async with scripted(script) as (url, _):
        assert (await failure(url)).code == "camera.protocol_error"


async def test_a_redirect_while_playing_goes_on_elsewhere_with_the_tracks_told_once() -> None:
    async def target(client: Client) -> None:
        await client.until_playing()
        await client.pictures()

    async with scripted(target) as (elsewhere, _):

        async def script(client: Client) -> None:
            await client.until_playing()
            await client.pictures(5)
            client.send(f"REDIRECT {elsewhere} RTSP/1.0\r\nCSeq: 3\r\nLocation: {elsewhere}\r\n\r\n".encode())
            await asyncio.sleep(60)

        async with scripted(script) as (url, _), playing(url) as camera:
            await camera.pictures(15)
            assert camera.sink.events.count("tracks") == 1


async def test_the_session_is_kept_alive_and_a_new_nonce_is_taken() -> None:
    async def script(client: Client) -> None:
        nonce = "first"
        client_pictures: asyncio.Task[None] | None = None
        try:
            while True:
                method = await client.next()
                if f'nonce="{nonce}"' not in client.request:
                    client.reply("401 Unauthorized", DIGEST.format(nonce, ""))
                elif method == "GET_PARAMETER":
                    nonce = "second"
                    client.reply()
                elif method == "OPTIONS":
                    client.reply(headers="Public: GET_PARAMETER\r\n")
                elif method == "DESCRIBE":
                    client.reply(body=SDP)
                elif method == "SETUP":
                    client.reply(headers=TRANSPORT.replace("timeout=60", "timeout=2"))
                else:
                    client.reply()
                    client_pictures = client_pictures or asyncio.create_task(client.pictures())
        finally:
            if client_pictures:
                client_pictures.cancel()

    async with scripted(script) as (url, asked):
        async with playing(url.replace("rtsp://", "rtsp://admin:secret@")) as camera:
            await camera.sink.until(lambda: sum(a.startswith("GET_PARAMETER") for a in asked) >= 3)
            assert not camera.task.done()
        assert not any("secret" in line for line in asked)


async def test_answers_and_questions_between_frames_are_understood() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        for picture in range(20):
            client.send(frame(IDR, sequence=picture, timestamp=picture, marker=True))
            client.send(b"OPTIONS rtsp://client RTSP/1.0\r\nCSeq: %d\r\n\r\n" % picture)
            client.send(b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n")
        for _ in range(20):
            assert (await client.next()) == "RTSP/1.0"
        await asyncio.sleep(60)

    async with scripted(script) as (url, asked), playing(url) as camera:
        await camera.pictures(20)
        await camera.sink.until(lambda: asked.count("RTSP/1.0 200") == 20)


async def test_frames_larger_than_the_buffer_begins_with() -> None:
    large = b"\x65\x88" + b"\x11" * 60_000

    async def script(client: Client) -> None:
        await client.until_playing()
        for picture in range(30):
            client.send(frame(large, sequence=picture, timestamp=picture, marker=True))
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url) as camera:
        units = await camera.pictures(30)
        assert {len(data) for data, _, _ in units} == {len(large) + 4}


async def test_a_sinks_failure_ends_its_source_and_no_other() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures()

    class BrokenError(Exception):
        pass

    def refuse(data: bytes, pts: int, key: bool) -> None:
        raise BrokenError

    async with scripted(script) as (url, _), playing(url) as healthy, playing(url) as broken:
        broken.sink.on_video = refuse  # type: ignore[method-assign]
        with pytest.raises(BrokenError):
            await asyncio.wait_for(asyncio.shield(broken.task), 10)
        count = len(healthy.sink.video)
        await healthy.pictures(count + 5)


async def test_goodbye_ends_the_source_without_an_error() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures(3)
        client.send(b"$\x01\x00\x08\x81\xcb\x00\x01\x00\x00\x00\x07")
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url) as camera:
        await asyncio.wait_for(camera.task, 10)
        assert len(camera.sink.video) == 3


async def test_a_description_without_end_is_refused() -> None:
    async def script(client: Client) -> None:
        await client.next()
        client.send(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nX: " + b"x" * 300_000)
        await asyncio.sleep(60)

    async with scripted(script) as (url, _):
        error = await failure(url, settings=SourceSettings(response_timeout=10.0))
    assert error.code == "camera.protocol_error"


async def test_waiting_is_cut_short_by_cancelling() -> None:
    async def script(client: Client) -> None:
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url, settings=SourceSettings()) as camera:
        await asyncio.sleep(0.05)
        camera.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(camera.task, 2)
