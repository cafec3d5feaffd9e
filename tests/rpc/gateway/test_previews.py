"""The picture under the pointer, the index of sheets, and what of either a ticket does not show."""

from __future__ import annotations

import asyncio
import re

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.instants import format_instant
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.forging import Forge, auths_key
from tests.rpc.gateway.sheets import (
    BLANK,
    NEAR,
    SHEET_MS,
    TILE_MS,
    counted,
    lumas,
    past_sheet,
    record,
    stored,
    ticket_for,
)
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_snapshot import frames, nearest

_CUE = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> [0-9:.]{12}\n(sheet-\d+\.jpg)#xywh=(\d+),(\d+),160,90")


async def test_the_key_frame_at_or_before_an_instant_is_shown(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 60_000
    footage = session(start_ms, 20)
    site.spool(uid, footage.init, footage.fragments)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + 20_000)
    among = frames(footage, footage.fragments)
    for offset_ms in (0, 1_999, 2_000, 7_999):
        instant = format_instant(start_ms + offset_ms)
        status, jpeg = await site.get(f"/snapshot/{ticket}/preview.jpg?time={instant}")
        assert status == 200, jpeg
        assert nearest(jpeg, among) == offset_ms // 2_000 * 50
    assert counted(site, "key_frames") == 3, "the same one is decoded once"


async def test_a_preview_reads_no_more_than_its_key_frame(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/preview.jpg?time={format_instant(start_ms + 7_500)}"
    answers = await asyncio.gather(*(site.get(path) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    fragment = next(each for each in reel.sessions[0].fragments if each.start_ms == start_ms + 6_000)
    assert counted(site, "preview_read_bytes") == len(fragment.data)


async def test_a_sheet_shows_no_more_than_the_ticket(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    whole = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    sheet = f"sheet-{start_ms // 1000}.jpg"
    assert (await site.get(f"/snapshot/{whole}/{sheet}"))[0] == 200
    kept = stored(site, uid)
    part = await ticket_for(site, "gate", start_ms + 2 * TILE_MS, start_ms + 5 * TILE_MS)
    status, jpeg = await site.get(f"/snapshot/{part}/{sheet}")
    assert status == 200
    for tile, shown in enumerate(lumas(jpeg)):
        expected = reel.middle(tile) if tile in (2, 3, 4) else BLANK
        assert expected is not None
        assert abs(shown - expected) <= NEAR, tile
    assert stored(site, uid) == kept, "what is shown to some is not kept for all"


async def test_the_index_names_each_tile_that_shows_something_and_no_other(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms - SHEET_MS, start_ms + SHEET_MS)
    base, begin_ms = f"/snapshot/{ticket}/", start_ms - 4_000
    span = f"start={format_instant(begin_ms)}&end={format_instant(start_ms + SHEET_MS)}"
    async with site.http.get(f"{base}previews.vtt?{span}") as response:
        assert (response.status, response.content_type) == (200, "text/vtt")
        text = await response.text()
    assert text.startswith("WEBVTT\n\n")
    pictures: dict[str, list[int]] = {}
    named = set()
    for cue in _CUE.finditer(text):
        *times, name, x, y = cue.groups()
        hours, minutes, seconds, ms = map(int, times[:4])
        at_ms = begin_ms + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
        if name not in pictures:
            pictures[name] = lumas((await site.get(base + name))[1])
        tile = int(y) // 90 * 10 + int(x) // 160
        assert at_ms == start_ms + tile * TILE_MS
        expected = reel.middle(tile)
        assert expected is None or abs(pictures[name][tile] - expected) <= NEAR
        named.add(tile)
    assert named == set(range(31)), "the last recording ends at 309 s"
    assert text.count("-->") == len(named)


async def test_the_first_and_the_last_cue_end_with_the_range(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    span = f"start={format_instant(start_ms + 4_000)}&end={format_instant(start_ms + 12_500)}"
    _, text = await site.get(f"/snapshot/{ticket}/previews.vtt?{span}")
    lines = [line for line in text.decode().splitlines() if "-->" in line]
    assert lines == ["00:00:00.000 --> 00:00:06.000", "00:00:06.000 --> 00:00:08.500"]


WRONG = (
    ("preview.jpg", 400, "request.required", "time"),
    ("preview.jpg?time=yesterday", 400, "request.instant", "time"),
    ("preview.jpg?time=2026-11-26T00:00:00", 400, "request.instant", "time"),
    ("preview.jpg?time=2020-01-01T00:00:00Z", 403, "ticket.outside_window", None),
    ("preview.jpg?time={start}", 404, "vod.no_footage", None),
    ("sheet-1764230401.jpg", 400, "request.start", "start"),
    ("sheet--600.jpg", 400, "request.start", "start"),
    ("sheet-now.jpg", 400, "request.start", "start"),
    ("sheet-{number}999999999999.jpg", 400, "request.start", "start"),
    ("sheet-1577836800.jpg", 403, "ticket.outside_window", None),
    ("sheet-{number}.jpg", 404, "vod.no_footage", None),
    ("previews.vtt", 400, "request.required", "start"),
    ("previews.vtt?start={start}", 400, "request.required", "end"),
    ("previews.vtt?start={end}&end={start}", 400, "request.range", "end"),
    ("previews.vtt?start=2020-01-01T00:00:00Z&end={end}", 400, "request.range", "end"),
    (
        "previews.vtt?start=2020-01-01T00:00:00Z&end=2020-01-01T01:00:00Z",
        403,
        "ticket.outside_window",
        None,
    ),
)
"""Path, status, code, field."""


async def test_what_is_asked_wrongly_is_told(site: Site) -> None:
    await site.add_camera("gate")
    start_ms = past_sheet(site)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    start, end = format_instant(start_ms), format_instant(start_ms + SHEET_MS)
    for path, status, code, field in WRONG:
        asked = path.format(start=start, end=end, number=start_ms // 1000)
        answered, problem = await site.call("GET", f"/snapshot/{ticket}/{asked}")
        assert (answered, problem["code"], problem.get("field")) == (status, code, field), path


async def test_no_other_ticket_shows_any(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    await record(site, uid, start_ms)
    await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    live = await site.ticket("gate", action="live")
    resident = await site.ticket("square", "resident", action="live")
    mine = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    async with auths_key(site) as key:
        marked = Forge(mine, key).with_claims(obl=["watermark"], jti="another")
    instant, end = format_instant(start_ms), format_instant(start_ms + SHEET_MS)
    paths = (
        f"preview.jpg?time={instant}",
        f"sheet-{start_ms // 1000}.jpg",
        f"previews.vtt?start={instant}&end={end}",
    )
    for path in paths:
        assert (await site.get(f"/snapshot/{mine}/{path}"))[0] == 200
        for other, code in (
            (live, "ticket.wrong_action"),
            (resident, "ticket.wrong_action"),
            (marked, "snapshot.unmarked"),
        ):
            status, problem = await site.call("GET", f"/snapshot/{other}/{path}")
            assert (status, problem["code"]) == (403, code)
        assert (await site.get(f"/snapshot/nothing/{path}"))[0] == 401
    await site.revoke(revocation_pb2.CAMERA, uid)
    await asyncio.sleep(0.5)
    for path in paths:
        status, problem = await site.call("GET", f"/snapshot/{mine}/{path}")
        assert (status, problem["code"]) == (403, "ticket.revoked")
