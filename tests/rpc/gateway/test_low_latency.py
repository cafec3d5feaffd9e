"""Low-latency HLS over HTTP: playlists and parts that wait for what comes, and for nothing else."""

from __future__ import annotations

import asyncio
import io

import av
import m3u8
import pytest

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.kept_connection import connect, request
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_residents import with_sound

WHOLE = 21
"""Fragments of five whole segments of four, and the first of the next."""
SOON_S = 0.2


@pytest.fixture
async def gate(site: Site) -> tuple[str, Session, str]:
    """A camera with five whole segments and a part: its uid, its footage, and where a ticket leads."""
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 10_500, 14)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:WHOLE])
    base = f"/hls/{await site.ticket('gate', action='live')}/live"
    assert (await site.get(f"{base}/media.m3u8"))[0] == 200
    return uid, footage, base


async def playlist(site: Site, path: str) -> m3u8.M3U8:
    status, body = await site.get(path)
    assert status == 200, body
    return m3u8.loads(body.decode())


async def test_a_playlist_waits_for_the_part_that_is_asked_for(
    site: Site, gate: tuple[str, Session, str]
) -> None:
    uid, footage, base = gate
    number = footage.init.session + 5
    waiting = asyncio.create_task(playlist(site, f"{base}/media.m3u8?_HLS_msn={number}&_HLS_part=1"))
    await asyncio.sleep(SOON_S)
    assert not waiting.done()
    await site.ingest.pictures.send(uid, footage.fragments[WHOLE])
    told = await asyncio.wait_for(waiting, 2)
    assert len(told.segments[-1].parts) == 2
    assert (await playlist(site, f"{base}/media.m3u8?_HLS_msn={number}&_HLS_part=0")).segments[-1].parts

    waiting = asyncio.create_task(playlist(site, f"{base}/media.m3u8?_HLS_msn={number}"))
    await site.ingest.pictures.send(uid, *footage.fragments[WHOLE + 1 : WHOLE + 3])
    await asyncio.sleep(SOON_S)
    assert not waiting.done()
    await site.ingest.pictures.send(uid, footage.fragments[WHOLE + 3])
    told = await asyncio.wait_for(waiting, 2)
    assert f"{number}.m4s" in [segment.uri for segment in told.segments]


async def test_who_waits_is_answered_in_order_however_long_it_takes(
    site: Site, gate: tuple[str, Session, str]
) -> None:
    uid, footage, base = gate
    connection, impatient = await connect(site), await connect(site)
    for each in (impatient, connection):
        assert (await each.ask(f"{base}/media.m3u8"))[0] == 200
        each.writer.write(
            request(f"{base}/media.m3u8?_HLS_msn={footage.init.session + 5}&_HLS_part=1")
            + (request(f"{base}/1.m4s") if each is connection else b"")
        )
    patient = await connect(site)
    assert (await patient.ask(f"{base}/media.m3u8"))[0] == 200
    patient.writer.write(request(f"{base}/media.m3u8?_HLS_msn={footage.init.session + 5}&_HLS_part=1"))
    await asyncio.sleep(SOON_S)
    impatient.writer.close()
    await asyncio.sleep(2)  # longer than anybody waits without a task
    await site.ingest.pictures.send(uid, footage.fragments[WHOLE])
    now = await patient.answer()
    assert m3u8.loads(now[2].decode()).segments[-1].parts
    assert await connection.answer() == now
    assert (await connection.answer())[0] == 404


async def test_the_part_that_is_hinted_at_comes_as_soon_as_it_is_there(
    site: Site, gate: tuple[str, Session, str]
) -> None:
    uid, footage, base = gate
    for fragment in footage.fragments[WHOLE : WHOLE + 6]:  # over a segment's end
        hint = (await playlist(site, f"{base}/media.m3u8")).preload_hint.uri
        waiting = asyncio.create_task(site.get(f"{base}/{hint}"))
        await asyncio.sleep(SOON_S)
        assert not waiting.done()
        await site.ingest.pictures.send(uid, fragment)
        assert await asyncio.wait_for(waiting, 2) == (200, fragment.data)
    for name in ("part-1-1.m4s", f"part-{footage.init.session}-999.m4s", "part-x-1.m4s"):
        assert (await site.get(f"{base}/{name}"))[0] == 404, name


async def test_the_parts_of_a_segment_are_the_segment(site: Site, gate: tuple[str, Session, str]) -> None:
    _, footage, base = gate
    told = await playlist(site, f"{base}/media.m3u8")
    segment = told.segments[4]
    parts = [(await site.get(f"{base}/{part.uri}"))[1] for part in segment.parts]
    assert b"".join(parts) == (await site.get(f"{base}/{segment.uri}"))[1]
    with av.open(io.BytesIO(footage.init.data + b"".join(parts)), "r") as container:
        assert len(list(container.decode(video=0))) == 50


async def test_who_may_not_hear_gets_parts_without_sound(site: Site) -> None:
    uid = await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    footage = with_sound()
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    base = f"/hls/{await site.ticket('square', 'resident', action='live')}/live"
    told = await playlist(site, f"{base}/media.m3u8")
    init = (await site.get(f"{base}/{told.segments[0].init_section.uri}"))[1]
    segment = next(segment for segment in reversed(told.segments) if segment.parts and segment.uri)
    parts = [(await site.get(f"{base}/{part.uri}"))[1] for part in segment.parts]
    with av.open(io.BytesIO(init + b"".join(parts)), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert len(list(container.decode(video=0))) >= 25
    assert b"".join(parts) == (await site.get(f"{base}/{segment.uri}"))[1]


async def test_what_is_revoked_meanwhile_gives_neither_playlist_nor_part(
    site: Site, gate: tuple[str, Session, str]
) -> None:
    uid, footage, base = gate
    hint = (await playlist(site, f"{base}/media.m3u8")).preload_hint.uri
    number = footage.init.session + 5
    waiting = [
        asyncio.create_task(site.get(f"{base}/{name}"))
        for name in (hint, f"media.m3u8?_HLS_msn={number}&_HLS_part=1")
    ]
    await asyncio.sleep(SOON_S)
    await site.revoke(revocation_pb2.CAMERA, uid)
    await asyncio.sleep(SOON_S)
    await site.ingest.pictures.send(uid, footage.fragments[WHOLE])
    for status, body in await asyncio.gather(*waiting):
        assert status == 403
        assert b"ticket.revoked" in body


async def test_who_waits_for_a_camera_that_goes_away_is_told_so(
    site: Site, gate: tuple[str, Session, str]
) -> None:
    uid, footage, base = gate
    waiting = asyncio.create_task(site.get(f"{base}/media.m3u8?_HLS_msn={footage.init.session + 6}"))
    await asyncio.sleep(SOON_S)
    site.ingest.set_state("cameras/gate", uid, camera_pb2.OFFLINE, "camera.unreachable: no route")
    await site.ingest.pictures.break_off(uid)
    status, body = await asyncio.wait_for(waiting, 5)
    assert (status, b"no route" in body) == (503, True)


@pytest.mark.parametrize(
    ("query", "field"),
    [("_HLS_msn=99999999999", "_HLS_msn"), ("_HLS_part=0", "_HLS_part"), ("_HLS_msn=soon", "_HLS_msn")],
)
async def test_what_lies_too_far_ahead_is_refused_at_once(
    site: Site, gate: tuple[str, Session, str], query: str, field: str
) -> None:
    status, answer = await site.call("GET", f"{gate[2]}/media.m3u8?{query}")
    assert (status, answer["field"]) == (400, field)
