"""A camera's renditions over HTTP and on the wall: listed, shared, told apart, and refused."""

from __future__ import annotations

from dataclasses import replace

import m3u8
import pytest

from snowlight.api.ingest.v1 import live_pb2
from snowlight.errors import ResourceExhaustedError, UnavailableError
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.kept_connection import connect
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_wall import wall
from tests.waiting import eventually

SUB = live_pb2.Rendition(
    name="sub",
    codecs="avc1.42c00b",
    width=80,
    height=44,
    bits_per_second=90_000,
    frames_per_second=15,
)
MAIN = live_pb2.Rendition(
    name="main", codecs="avc1.42c00b", width=160, height=90, bits_per_second=300_000, frames_per_second=25
)
SUB_SESSION_MS = 600_000
"""So much earlier the sub stream's session began, so that its numbers are others."""


@pytest.fixture
async def gate(site: Site) -> tuple[str, Session]:
    """A camera that has sent five segments and a part, and as much by its sub stream."""
    uid = await site.add_camera("gate", sub_source_url="rtsp://127.0.0.1/small")
    footage = session(site.clock.now_ms() - 10_500, 14)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:21])
    small = of_sub(footage)
    await site.ingest.pictures.send(f"{uid}/sub", small.init, *small.fragments[:21])
    site.ingest.pictures.renditions[uid] = [MAIN, SUB]
    return uid, footage


def of_sub(footage: Session) -> Session:
    """The same pictures under the numbers of another session."""
    earlier = SUB_SESSION_MS // 1000
    init = replace(footage.init, session=footage.init.session - earlier, width=80, height=44)
    return Session(init, [replace(each, segment=each.segment - earlier) for each in footage.fragments])


async def playlist(site: Site, path: str) -> m3u8.M3U8:
    status, body = await site.get(path)
    assert status == 200, body
    return m3u8.loads(body.decode())


async def test_a_sub_stream_is_listed_beside_the_main_one_and_plays_by_relative_uris(
    site: Site, gate: tuple[str, Session]
) -> None:
    _, footage = gate
    ticket = await site.ticket("gate", action="live")
    told = await playlist(site, f"/hls/{ticket}/live.m3u8")
    main, sub = told.playlists
    assert (main.uri, sub.uri) == ("live/media.m3u8", "live/sub/media.m3u8")
    assert main.stream_info.resolution == (160, 90)
    assert main.stream_info.frame_rate == 25
    assert sub.stream_info.resolution == (80, 44)
    assert sub.stream_info.codecs == SUB.codecs
    assert sub.stream_info.frame_rate == 15
    assert sub.stream_info.bandwidth >= SUB.bits_per_second

    base = f"/hls/{ticket}/live/sub"
    listed = await playlist(site, f"{base}/media.m3u8")
    assert listed.media_sequence == footage.init.session - SUB_SESSION_MS // 1000
    small = of_sub(footage)
    init = listed.segments[0].init_section
    assert await site.get(f"{base}/{init.uri}") == (200, footage.init.data)
    part = listed.segments[-1].parts[0]
    assert await site.get(f"{base}/{part.uri}") == (200, small.fragments[20].data)
    whole = listed.segments[0]
    assert (await site.get(f"{base}/{whole.uri}"))[1] == b"".join(each.data for each in small.fragments[:4])


async def test_renditions_that_are_shown_report_on_one_another(site: Site, gate: tuple[str, Session]) -> None:
    _, footage = gate
    ticket = await site.ticket("gate", action="live")
    base = f"/hls/{ticket}/live"
    assert not (await playlist(site, f"{base}/media.m3u8")).rendition_reports
    (report,) = (await playlist(site, f"{base}/sub/media.m3u8")).rendition_reports
    assert (report.uri, report.last_msn, report.last_part) == (
        "../media.m3u8",
        footage.init.session + 5,
        0,
    )

    async def reported() -> bool:
        reports = (await playlist(site, f"{base}/media.m3u8")).rendition_reports
        return [each.uri for each in reports] == ["sub/media.m3u8"]

    uid, _ = gate
    await site.ingest.pictures.send(uid, footage.fragments[21])  # its playlist is made anew at each part
    await eventually(reported)


async def test_a_camera_with_nothing_to_choose_has_one_variant_as_before(site: Site) -> None:
    uid = await site.add_camera("lone")
    footage = session(site.clock.now_ms() - 10_500, 14)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:21])
    site.ingest.pictures.renditions[uid] = [MAIN, replace_name(SUB, "360p")]
    ticket = await site.ticket("lone", action="live")
    told = await playlist(site, f"/hls/{ticket}/live.m3u8")
    assert [each.uri for each in told.playlists] == ["live/media.m3u8"]
    assert told.playlists[0].stream_info.frame_rate is None
    told = await playlist(site, f"/hls/{ticket}/live.m3u8?ladder=1")
    assert [each.uri for each in told.playlists] == ["live/media.m3u8", "live/360p/media.m3u8"]
    status, problem = await site.call("GET", f"/hls/{ticket}/live.m3u8?ladder=yes")
    assert (status, problem["field"]) == (400, "ladder")


async def test_h265_lists_what_every_player_shows_where_it_is_asked_for(site: Site) -> None:
    uid = await site.add_camera("modern")
    footage = session(site.clock.now_ms() - 10_500, 14)
    init = replace(footage.init, codecs="hvc1.1.6.L93.B0")
    await site.ingest.pictures.send(uid, init, *footage.fragments[:21])
    site.ingest.pictures.renditions[uid] = [MAIN, replace_name(SUB, "h264")]
    ticket = await site.ticket("modern", action="live")
    told = await playlist(site, f"/hls/{ticket}/live.m3u8")
    assert [each.uri for each in told.playlists] == ["live/media.m3u8"]
    told = await playlist(site, f"/hls/{ticket}/live.m3u8?ladder=1")
    assert [each.uri for each in told.playlists] == ["live/media.m3u8", "live/h264/media.m3u8"]


async def test_a_sub_stream_that_nobody_has_seen_is_left_out(site: Site, gate: tuple[str, Session]) -> None:
    uid, _ = gate
    site.ingest.pictures.renditions[uid] = [MAIN, live_pb2.Rendition(name="sub")]
    ticket = await site.ticket("gate", action="live")
    told = await playlist(site, f"/hls/{ticket}/live.m3u8")
    assert [each.uri for each in told.playlists] == ["live/media.m3u8"]


async def test_all_who_watch_a_rendition_share_one_stream_which_ends_after_the_last(
    site: Site, gate: tuple[str, Session]
) -> None:
    uid, _ = gate
    watched = site.ingest.pictures.watched
    tickets = [await site.ticket("gate", action="live") for _ in range(3)]
    for ticket in tickets:
        assert (await site.get(f"/hls/{ticket}/live/sub/media.m3u8"))[0] == 200
    assert (watched[f"{uid}/sub"], watched[uid]) == (1, 0)

    async def ended() -> bool:
        return watched[f"{uid}/sub"] == 0

    await eventually(ended)


async def test_both_ways_answer_alike_for_a_rendition(site: Site, gate: tuple[str, Session]) -> None:
    ticket = await site.ticket("gate", action="live")
    connection = await connect(site)
    path = f"/hls/{ticket}/live/sub/media.m3u8"
    assert (await connection.ask(path))[0] == 200
    at_once = await connection.ask(path)
    assert at_once[2].startswith(b"#EXTM3U")
    assert await connection.ask(path, "X-Unheard-Of: 1\r\n") == at_once
    for other in ("main", "4k", "sub/sub"):
        assert (await connection.ask(f"/hls/{ticket}/live/{other}/media.m3u8"))[0] == 404


async def test_a_rendition_that_costs_too_much_is_refused_and_the_main_one_goes_on(
    site: Site, gate: tuple[str, Session]
) -> None:
    uid, _ = gate
    site.ingest.pictures.refused[f"{uid}/360p"] = ResourceExhaustedError("transcode.no_capacity", "no cores")
    ticket = await site.ticket("gate", action="live")
    status, problem = await site.call("GET", f"/hls/{ticket}/live/360p/media.m3u8")
    assert (status, problem["code"]) == (429, "transcode.no_capacity")
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=ticket, rendition="360p")
        told = await client.told()
        assert (told["id"], told["error"]["code"]) == (1, "transcode.no_capacity")
        await client.order(op="watch", id=2, ticket=ticket)
        assert (await client.told())["width"] == 160
        await client.shown(2, 2)


async def test_the_wall_goes_from_one_rendition_to_another_under_a_new_id(
    site: Site, gate: tuple[str, Session]
) -> None:
    ticket = await site.ticket("gate", action="live")
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=ticket, rendition="sub")
        told = await client.told()
        assert (told["id"], told["width"], told["height"]) == (1, 80, 44)
        await client.shown(1, 2)
        await client.order(op="watch", id=2, ticket=ticket, rendition="main")
        told = await client.told()
        assert (told["id"], told["width"]) == (2, 160)
        await client.order(op="stop", id=1)
        await client.shown(2, 2)


async def test_a_rendition_that_is_none_is_refused_by_the_field(
    site: Site, gate: tuple[str, Session]
) -> None:
    ticket = await site.ticket("gate", action="live")
    async with wall(site) as client:
        for rendition in ("4k", 7, None):
            await client.order(op="watch", id=1, ticket=ticket, rendition=rendition)
            told = await client.told()
            assert (told["error"]["status"], told["error"]["field"]) == (400, "rendition")


async def test_a_sub_stream_that_fails_is_told_of_and_the_main_one_is_not_touched(
    site: Site, gate: tuple[str, Session]
) -> None:
    uid, footage = gate
    pictures = site.ingest.pictures
    ticket = await site.ticket("gate", action="live")
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=ticket, rendition="sub")
        await client.order(op="watch", id=2, ticket=ticket)
        assert {(await client.told())["id"], (await client.told())["id"]} == {1, 2}
        pictures.refused[f"{uid}/sub"] = UnavailableError("live.rendition_away", "camera.timeout: silent")
        await pictures.break_off(f"{uid}/sub")
        told = await client.told()
        assert (told["id"], told["error"]["code"]) == (1, "live.rendition_away")
        before = len(client.pictures[2])
        await pictures.send(uid, footage.fragments[21])
        await client.shown(2, before + 1)


def replace_name(rendition: live_pb2.Rendition, name: str) -> live_pb2.Rendition:
    renamed = live_pb2.Rendition()
    renamed.CopyFrom(rendition)
    renamed.name = name
    return renamed
