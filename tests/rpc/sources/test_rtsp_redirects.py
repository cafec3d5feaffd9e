"""A redirect is followed to where the source networks allow, and not in a circle."""

import asyncio

from tests.rpc.sources.playing import failure, playing
from tests.rpc.sources.scripted import Client, scripted


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


async def test_a_redirect_to_what_is_no_url() -> None:
    async def script(client: Client) -> None:
        await client.next()
        client.reply("302 Moved", "Location: rtsp://[cam]/\r\n")

    async with scripted(script) as (url, _):
        error = await failure(url)
    assert (error.code, error.detail) == ("camera.protocol_error", "the camera names a malformed URL")


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
