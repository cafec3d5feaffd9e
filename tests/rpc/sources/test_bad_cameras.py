"""What cameras get wrong ends in a sentence that people understand."""

import asyncio
import ipaddress
import socket

import pytest

from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import SourceSettings
from tests.rpc.sources.playing import failure
from tests.rpc.sources.scripted import SDP, Client, scripted


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


@pytest.mark.parametrize(
    ("sdp", "base"),
    [
        (SDP.replace("trackID=0", "rtsp://[cam]/t"), ""),
        (SDP.replace("control:*", "control://[cam]/"), ""),
        (SDP, "Content-Base: rtsp://[cam]/\r\n"),
        (SDP, "Content-Location: rtsp://[cam]/\r\n"),
    ],
)
async def test_a_camera_that_names_what_is_no_url(sdp: str, base: str) -> None:
    async def script(client: Client) -> None:
        await client.until_playing(sdp=sdp, base=base)

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert (error.code, error.detail) == ("camera.protocol_error", "the camera names a malformed URL")


async def test_a_description_without_end_is_refused() -> None:
    async def script(client: Client) -> None:
        await client.next()
        client.send(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nX: " + b"x" * 300_000)
        await asyncio.sleep(60)

    async with scripted(script) as (url, _):
        error = await failure(url, settings=SourceSettings(response_timeout=10.0))
    assert error.code == "camera.protocol_error"
