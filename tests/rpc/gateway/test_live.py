"""Live pictures over HTTP, from ingest's fragments to decoded frames."""

import asyncio
import re
import time
from fractions import Fraction
from itertools import pairwise

import av

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import Site


async def test_a_live_playlist_decodes_end_to_end_and_follows_the_camera(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 20)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:24])
    ticket = await site.ticket("gate", action="live")

    status, body = await site.get(f"/hls/{ticket}/live.m3u8")
    assert status == 200, body
    assert 'CODECS="avc1.42c00b",RESOLUTION=160x90' in body.decode()
    status, body = await site.get(f"/hls/{ticket}/live/media.m3u8")
    first = int(re.findall(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", body.decode())[0])
    assert first == footage.init.session
    assert body.decode().count("#EXTINF:2.000,") == 5  # the sixth is whole once the seventh begins

    async def go_on() -> None:
        for fragment in footage.fragments[24:]:
            await site.ingest.pictures.send(uid, fragment)
            await asyncio.sleep(0.05)

    sending = asyncio.create_task(go_on())
    frames, start = await asyncio.to_thread(_decode, f"{site.url}/hls/{ticket}/live.m3u8", 150)
    await sending
    assert len(frames) == 150
    steps = {round((after - before) * 25) for before, after in pairwise(frames)}
    assert steps == {1}
    assert start >= 0


def _decode(url: str, count: int) -> tuple[list[Fraction], float]:
    frames: list[Fraction] = []
    with av.open(url, timeout=20) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            frames.append(frame.pts * frame.time_base)
            if len(frames) == count:
                break
    return frames, float(frames[0])


async def test_all_viewers_share_one_stream_which_ends_after_the_last(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    tickets = [await site.ticket("gate", action="live") for _ in range(3)]
    answers = await asyncio.gather(*(site.get(f"/hls/{ticket}/live/media.m3u8") for ticket in tickets))
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len({body for _, body in answers}) == 1
    assert site.ingest.pictures.watched[uid] == 1
    deadline = time.monotonic() + 10
    while site.ingest.pictures.watched[uid]:
        assert time.monotonic() < deadline, "the stream goes on without viewers"
        await asyncio.sleep(0.1)


async def test_a_camera_without_picture_is_told_with_its_reason(site: Site) -> None:
    uid = await site.add_camera("gate")
    ticket = await site.ticket("gate", action="live")
    site.ingest.set_state("cameras/gate", uid, camera_pb2.OFFLINE, "camera.auth_failed: 401 after Digest")
    started = time.monotonic()
    status, answer = await site.call("GET", f"/hls/{ticket}/live.m3u8")
    assert status == 503
    assert answer["code"] == "camera.offline"
    assert "401 after Digest" in answer["detail"]
    assert time.monotonic() - started < 2


async def test_a_restarted_session_restarts_the_playlist_at_its_own_numbers(site: Site) -> None:
    uid = await site.add_camera("gate")
    first = session(site.clock.now_ms() - 60_000, 12)
    await site.ingest.pictures.send(uid, first.init, *first.fragments)
    ticket = await site.ticket("gate", action="live")
    await site.get(f"/hls/{ticket}/live/media.m3u8")
    await site.ingest.pictures.break_off(uid)

    second = session(site.clock.now_ms() - 12_000, 12, discontinuity_sequence=1)
    await site.ingest.pictures.send(uid, second.init, *second.fragments)
    text = ""
    deadline = time.monotonic() + 10
    while f"#EXT-X-MEDIA-SEQUENCE:{second.init.session}\n" not in text:
        assert time.monotonic() < deadline, text
        await asyncio.sleep(0.05)
        text = (await site.get(f"/hls/{ticket}/live/media.m3u8"))[1].decode()
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in text
    assert f'#EXT-X-MAP:URI="init-{second.init.init8}-{second.init.session}.mp4"' in text
    assert str(first.init.session) not in text


async def test_a_segment_is_its_fragments_and_an_unknown_one_is_404(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    base = f"/hls/{await site.ticket('gate', action='live')}/live"
    number = footage.init.session + 2
    status, data = await site.get(f"{base}/{number}.m4s")
    assert (status, data) == (200, _bytes(footage.fragments, number))
    status, data = await site.get(f"{base}/init-{footage.init.init8}-{footage.init.session}.mp4")
    assert (status, data) == (200, footage.init.data)
    for name in ("1.m4s", "x.m4s", "-1.m4s", "init-00000000-1.mp4", "init-x.mp4", "else"):
        assert (await site.get(f"{base}/{name}"))[0] == 404, name


def _bytes(fragments: list[Fragment], number: int) -> bytes:
    return b"".join(fragment.data for fragment in fragments if fragment.segment == number)
