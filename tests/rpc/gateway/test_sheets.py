"""Scrub sheets: what was recorded is there tile by tile, once for all gateways."""

from __future__ import annotations

import asyncio

import aiohttp
from structlog.testing import capture_logs

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.sheets import (
    BLANK,
    NEAR,
    SHEET_MS,
    counted,
    lumas,
    past_sheet,
    record,
    stored,
    ticket_for,
)
from tests.rpc.gateway.site import Site
from tests.waiting import eventually


async def test_each_tile_shows_its_time_and_gaps_are_blank(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    status, jpeg = await site.get(f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg")
    assert status == 200, jpeg
    for tile, shown in enumerate(lumas(jpeg)):
        expected = reel.middle(tile)
        if expected is not None:
            assert abs(shown - expected) <= NEAR, tile
        elif tile > 31:
            assert abs(shown - BLANK) <= NEAR, tile


async def test_a_tile_whose_middle_was_not_recorded_shows_what_else_there_is_of_it(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    ends_ms, goes_on_ms = reel.sessions[2].fragments[-1].end_ms, reel.sessions[3].fragments[0].start_ms
    assert (ends_ms - start_ms, goes_on_ms - start_ms) == (183_000, 189_000), "nothing at 185 s"
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    _, jpeg = await site.get(f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg")
    assert abs(lumas(jpeg)[18] - (reel.luma(start_ms + 182_000) or 0)) <= NEAR, "the nearest key frame"


async def test_a_sheet_is_made_once_for_all_gateways(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg"
    async with site.another_gateway() as url, aiohttp.ClientSession(url) as other:

        async def answered() -> bool:
            async with other.get(path) as response:
                return response.status == 200

        await eventually(answered)
        async with other.get(path) as response:
            made = await response.read()
    [file] = stored(site, uid)
    assert file.read_bytes() == made
    assert await site.get(path) == (200, made)
    assert counted(site, "sheets", **{"from": "store"}) == 1
    assert counted(site, "sheets", **{"from": "made"}) == 0
    assert counted(site, "key_frames") == 0


async def test_many_who_ask_at_once_cost_one_sheet(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg"
    answers = await asyncio.gather(*(site.get(path) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert counted(site, "sheets", **{"from": "made"}) == 1


async def test_what_is_committed_late_is_seen(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, _ = await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg"
    _, before = await site.get(path)
    assert abs(lumas(before)[45] - BLANK) <= NEAR
    late = session(start_ms + 440_000, 57)
    await site.commit(uid, site.spool(uid, late.init, late.fragments))
    await site.pass_time(61)  # what the index of a settled hour is believed for
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    _, after = await site.get(f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg")
    assert abs(lumas(after)[45] - 100) <= NEAR, "the key frame 14 s after its start"
    assert abs(lumas(after)[2] - (reel.middle(2) or 0)) <= NEAR
    assert len(stored(site, uid)) == 2


async def test_what_is_not_over_or_not_in_a_store_yet_is_shown_and_not_kept(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    reel, files = await record(site, uid, start_ms, commit=False)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg"
    async with site.http.get(path) as response:
        assert response.headers["Cache-Control"] == "private, max-age=5"
        assert abs(lumas(await response.read())[2] - (reel.middle(2) or 0)) <= NEAR
    assert stored(site, uid) == []
    for file in files:
        await site.commit(uid, file)

    async def kept() -> bool:
        async with site.http.get(path) as response:
            return response.headers["Cache-Control"] == "private, max-age=600"

    await eventually(kept)
    assert len(stored(site, uid)) == 1


async def test_a_sheet_of_older_footage_is_made_and_not_kept(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site) - 48 * 3_600_000
    await record(site, uid, start_ms)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    status, _ = await site.get(f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg")
    assert (status, stored(site, uid)) == (200, [])


async def test_where_the_gateway_may_not_write_sheets_are_served_all_the_same(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    await record(site, uid, start_ms)
    (site.runtime.cluster.data_dir / "footage/prv").write_text("no folder")
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    with capture_logs() as logs:
        status, jpeg = await site.get(f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg")
    assert (status, len(lumas(jpeg))) == (200, 60)
    told = [entry for entry in logs if entry["event"] == "gateway.sheets_not_stored"]
    assert [entry["store"] for entry in told] == ["default"]


async def test_a_growing_sheet_costs_what_is_new_of_it(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_sheet(site)
    first, more = session(start_ms, 40), session(start_ms + 40_000, 20)
    site.spool(uid, first.init, first.fragments)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + SHEET_MS)
    path = f"/snapshot/{ticket}/sheet-{start_ms // 1000}.jpg"
    assert (await site.get(path))[0] == 200
    assert counted(site, "key_frames") == 4
    site.spool(uid, more.init, more.fragments)

    async def has_grown() -> bool:
        return abs(lumas((await site.get(path))[1])[5] - BLANK) > NEAR

    await eventually(has_grown)
    assert counted(site, "key_frames") == 6
