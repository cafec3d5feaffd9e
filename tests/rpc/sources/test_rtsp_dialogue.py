"""Whatever an RTSP camera says that the standard allows ends in pictures."""

import asyncio

from tests.rpc.sources.playing import playing
from tests.rpc.sources.scripted import SDP, TRANSPORT, Client, scripted
from tests.unit.sources.packets import frame
from tests.unit.sources.test_h264 import IDR

DIGEST = 'WWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Digest realm="x", nonce="{}"{}\r\n'


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
