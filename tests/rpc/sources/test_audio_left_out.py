"""A camera whose audio cannot be carried plays its video."""

import asyncio

from tests.rpc.sources.playing import playing
from tests.rpc.sources.scripted import SDP, Client, scripted


async def test_a_camera_with_impossible_audio_plays_its_video() -> None:
    async def script(client: Client) -> None:
        sdp = SDP + "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000/50000\r\na=control:trackID=1\r\n"
        await client.until_playing(sdp=sdp)
        await client.pictures(5)
        await asyncio.sleep(60)

    async with scripted(script) as (url, asked), playing(url) as camera:
        await camera.pictures(5)
        assert camera.sink.tracks[0][1] is None
        assert sum(request.startswith("SETUP") for request in asked) == 1
