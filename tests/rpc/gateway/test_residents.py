"""Residents watch public cameras that are listed for them, without sound and with their mark."""

import asyncio
import re

import av

from tests.rpc.gateway.site import Site
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import clip, sound


def with_sound() -> MuxSession:
    """Twelve seconds of H.264 with G.711, as ingest makes them."""
    feed = Feed()
    pictures, heard = clip(seconds=12), sound("pcma", seconds=12)
    feed.stream.on_tracks(pictures.video, heard.track)
    feed.play(pictures, heard)
    feed.stream.finish()
    return feed.session


async def test_a_resident_sees_without_hearing_and_is_marked_and_a_cadre_hears(site: Site) -> None:
    uid = await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    footage = with_sound()
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    for username, watermark, tracks in (
        ("resident", "resident", ["video"]),
        ("chen", "", ["video", "audio"]),
    ):
        status, ticket = await site.call(
            "POST", "/v1/cameras/square/tickets", await site.token(username), json={"action": "live"}
        )
        assert (status, ticket["watermark"]) == (200, watermark)
        base = f"/hls/{ticket['ticket']}"
        _, playlist = await site.get(f"{base}/live.m3u8")
        (codecs,) = re.findall(r'CODECS="([^"]*)"', playlist.decode())
        assert len(codecs.split(",")) == len(tracks)
        assert await asyncio.to_thread(played, f"{site.url}{base}/live.m3u8") == (tracks, 320)


def played(url: str) -> tuple[list[str], int]:
    """The tracks, and how wide the first picture is."""
    with av.open(url, timeout=20) as container:
        return [stream.type for stream in container.streams], next(container.decode(video=0)).width
