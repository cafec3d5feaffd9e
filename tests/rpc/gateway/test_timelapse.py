"""A day in thumbnails: one each ten minutes, made when asked for, kept beside its footage."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import av
import numpy as np
import pytest
from pydantic import ValidationError

from services.gateway.config import GatewaySettings
from snowlight.instants import format_instant
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.sheets import BLANK, NEAR, counted, record, ticket_for
from tests.rpc.gateway.site import Site

LAPSE_MS, TILE_MS = 14_400_000, 600_000


def past_lapse(site: Site, *, days: int = 0) -> int:
    """The start of four hours that are over."""
    return (site.clock.now_ms() // LAPSE_MS - 2) * LAPSE_MS - days * 86_400_000


def lumas(jpeg: bytes) -> list[int]:
    """Of each tile, row by row."""
    with av.open(io.BytesIO(jpeg), "r") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (1600, 270), "24 thumbnails and six places that stay blank"
    plane = frame.reformat(format="gray", src_color_range="JPEG", dst_color_range="JPEG").to_ndarray()
    tiles = plane.reshape(3, 90, 10, 160)[:, 10:80, :, 10:150]
    return [round(value) for value in np.mean(tiles, axis=(1, 3)).flatten()]


def kept(site: Site, uid: str) -> list[Path]:
    """The camera's thumbnails in the store."""
    return sorted((site.runtime.cluster.data_dir / "footage" / "thm" / uid).rglob("*.jpg"))


async def test_each_thumbnail_shows_its_ten_minutes(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_lapse(site)
    reel, _ = await record(
        site, uid, start_ms + 4 * 60_000 - 10_000
    )  # over the middle of the first ten minutes
    one = session(start_ms + 13 * TILE_MS + 30_000, 20)  # beside the middle of the fourteenth
    await site.commit(uid, site.spool(uid, one.init, one.fragments))
    ticket = await ticket_for(site, "gate", start_ms, start_ms + LAPSE_MS)
    status, jpeg = await site.get(f"/snapshot/{ticket}/timelapse-{start_ms // 1000}.jpg")
    assert status == 200, jpeg
    shown = lumas(jpeg)
    middle = reel.luma(start_ms + TILE_MS // 2)
    assert middle is not None
    assert abs(shown[0] - middle) <= NEAR
    assert abs(shown[13] - BLANK) > NEAR
    blank = [tile for tile in range(30) if tile not in (0, 13)]
    assert all(abs(shown[tile] - BLANK) <= NEAR for tile in blank)


async def test_thumbnails_are_made_once_however_many_ask_and_kept_however_old(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_lapse(site, days=5)
    await record(site, uid, start_ms + 4 * 60_000)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + LAPSE_MS)
    path = f"/snapshot/{ticket}/timelapse-{start_ms // 1000}.jpg"
    answers = await asyncio.gather(*(site.get(path) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert counted(site, "sheets", **{"from": "made"}) == 1
    assert counted(site, "key_frames") == 1
    (file,) = kept(site, uid)
    assert file.read_bytes() == answers[0][1]
    assert re.fullmatch(rf"{start_ms // 1000}-10-[0-9a-f]{{16}}\.jpg", file.name)
    assert "thm" in file.parts


async def test_the_index_says_where_each_time_is_shown(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_lapse(site)
    await record(site, uid, start_ms + TILE_MS + 4 * 60_000)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + LAPSE_MS)
    span = f"start={format_instant(start_ms)}&end={format_instant(start_ms + LAPSE_MS)}"
    status, body = await site.get(f"/snapshot/{ticket}/timelapse.vtt?{span}")
    assert (status, body.decode()) == (
        200,
        f"WEBVTT\n\n00:10:00.000 --> 00:20:00.000\ntimelapse-{start_ms // 1000}.jpg#xywh=160,0,160,90\n",
    )


async def test_a_ticket_shows_no_more_than_its_window(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = past_lapse(site)
    await record(site, uid, start_ms + 4 * 60_000)
    part = await ticket_for(site, "gate", start_ms + TILE_MS, start_ms + 2 * TILE_MS)
    status, _ = await site.get(f"/snapshot/{part}/timelapse-{start_ms // 1000}.jpg")
    assert status == 404
    status, _ = await site.get(f"/snapshot/{part}/timelapse-{(start_ms + LAPSE_MS) // 1000}.jpg")
    assert status == 403
    assert kept(site, uid) == []
    live = await site.ticket("gate", action="live")
    status, _ = await site.get(f"/snapshot/{live}/timelapse-{start_ms // 1000}.jpg")
    assert status == 403


async def test_a_start_that_begins_no_sheet_is_refused(site: Site) -> None:
    await site.add_camera("gate", VILLAGE)
    start_ms = past_lapse(site)
    ticket = await ticket_for(site, "gate", start_ms, start_ms + LAPSE_MS)
    for start in (start_ms // 1000 + 600, "x", "9" * 12):
        async with site.http.get(f"/snapshot/{ticket}/timelapse-{start}.jpg") as response:
            assert (response.status, (await response.json(content_type=None))["field"]) == (400, "start")


def test_minutes_divide_four_hours() -> None:
    for minutes in (0, 1, 10, 15, 240):
        assert GatewaySettings(thumbnail_minutes=minutes).thumbnail_minutes == minutes
    for minutes in (7, 100, -1, 480):
        with pytest.raises(ValidationError, match="thumbnail_minutes"):
            GatewaySettings(thumbnail_minutes=minutes)
