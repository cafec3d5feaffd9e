"""Answers at once and answers on the usual way are the same ones, for the same people."""

import asyncio
import re
from dataclasses import replace

import pytest

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.media.boxes import box
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.kept_connection import connect, request
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

USUAL_WAY = "X-Unheard-Of: 1\r\n"
"""A header field that no player sends."""


async def watched(site: Site, padding: int = 0) -> str:
    """The path of a camera's live pictures, each fragment so many bytes larger than it need be."""
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    free = (box(b"free", bytes(padding)),) if padding else ()
    larger = [replace(each, chunks=(*each.chunks, *free)) for each in footage.fragments]
    await site.ingest.pictures.send(uid, footage.init, *larger)
    base = f"/hls/{await site.ticket('gate', action='live')}/live"
    assert (await site.get(f"{base}/media.m3u8"))[0] == 200
    return base


async def test_both_ways_answer_alike_and_count_alike(site: Site) -> None:
    base = await watched(site)
    connection = await connect(site)
    _, _, playlist = await connection.ask(f"{base}/media.m3u8")
    names = re.findall(r'(?:URI="(part-[^"]+\.m4s)",IND|^([0-9]+\.m4s)$)', playlist.decode(), re.MULTILINE)
    paths = [f"{base}/{part or segment}" for part, segment in names]
    assert len({path.rpartition("/")[2][:4] for path in paths}) > 1, "parts and segments"
    for path in (f"{base}/media.m3u8", paths[0], paths[-1]):
        at_once = await connection.ask(path)
        assert at_once[0] == 200
        assert await connection.ask(path, USUAL_WAY) == at_once
        assert await connection.ask(path) == at_once
        page = "Origin: https://wall.example\r\n"
        assert await connection.ask(path, page) == await connection.ask(path, page + USUAL_WAY)
        assert (await connection.ask(path, page))[1]["access-control-allow-origin"] == "https://wall.example"
    unknown = [f"{base}/1.m4s", f"{base}/part-1-1.m4s", f"{base}/..%2fmedia.m3u8", f"{base}/media.m3u8?x=1"]
    for path in unknown:
        assert (await connection.ask(path))[0] == (await connection.ask(path, USUAL_WAY))[0]
    assert (await connection.ask(f"{base[:-9]}/live/media.m3u8"))[0] == 401


async def test_the_body_of_another_request_is_never_taken_for_a_request(site: Site) -> None:
    base = await watched(site)
    hidden = request(f"{base}/media.m3u8")
    connection = await connect(site)
    assert (await connection.ask(f"{base}/media.m3u8"))[0] == 200
    connection.writer.write(
        f"POST /v1/token HTTP/1.1\r\nHost: a\r\nContent-Length: {len(hidden)}\r\n\r\n".encode()
    )
    await asyncio.sleep(0.2)  # so that the body comes by itself
    connection.writer.write(hidden)
    status, fields, _ = await connection.answer()
    assert (status, fields["content-type"]) == (400, "application/problem+json")
    assert (await connection.ask(f"{base}/media.m3u8"))[0] == 200


async def test_a_request_in_pieces_and_requests_in_one_piece_are_answered_in_order(site: Site) -> None:
    base = await watched(site)
    connection = await connect(site)
    whole = request(f"{base}/media.m3u8")
    for piece in (whole[:20], whole[20:60], whole[60:]):
        connection.writer.write(piece)
        await asyncio.sleep(0.1)
    assert (await connection.answer())[0] == 200
    connection.writer.write(request(f"{base}/1.m4s") + whole + request(f"{base}/1.m4s"))
    assert [(await connection.answer())[0] for _ in range(3)] == [404, 200, 404]


async def test_a_kept_connection_is_refused_once_the_ticket_is_revoked(site: Site) -> None:
    base = await watched(site)
    connection = await connect(site)
    assert (await connection.ask(f"{base}/media.m3u8"))[0] == 200
    (decision,) = await site.audit(allowed=True, event="decision", action="live")
    await site.revoke(revocation_pb2.TICKET, decision.ticket_id)

    async def refused() -> bool:
        return (await connection.ask(f"{base}/media.m3u8"))[0] == 403

    await eventually(refused, 2)


async def test_a_slow_connection_is_cut_in_the_middle_once_the_ticket_is_revoked(site: Site) -> None:
    base = await watched(site, padding=2 << 20)
    connection = await connect(site)
    _, _, playlist = await connection.ask(f"{base}/media.m3u8")
    segment = re.findall(r"^[0-9]+\.m4s$", playlist.decode(), re.MULTILINE)[-1]
    connection.writer.write(request(f"{base}/{segment}"))
    await connection.reader.readuntil(b"\r\n\r\n")  # and no further
    (decision,) = await site.audit(allowed=True, event="decision", action="live")
    await site.revoke(revocation_pb2.TICKET, decision.ticket_id)
    await asyncio.sleep(2)
    with pytest.raises(ConnectionResetError):
        while await connection.reader.read(1 << 20):
            pass
