"""Single pictures over HTTP: of now, of an instant, and of nothing that one may not see."""

from __future__ import annotations

import asyncio
import io

import av
import pytest

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.instants import format_instant
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site


def pixels(jpeg: bytes) -> bytes:
    """The luma of a JPEG, coarsely."""
    with av.open(io.BytesIO(jpeg), "r") as container:
        frame = next(container.decode(video=0))
        assert (container.streams.video[0].codec.name, frame.width, frame.height) == ("mjpeg", 160, 90)
        return coarse(frame)


def coarse(frame: av.VideoFrame) -> bytes:
    return frame.reformat(width=16, height=9, format="gray").to_ndarray().tobytes()


def frames(footage: Session, fragments: list[Fragment]) -> list[bytes]:
    """All pictures of fragments, in the same way."""
    data = footage.init.data + b"".join(fragment.data for fragment in fragments)
    with av.open(io.BytesIO(data), "r") as container:
        return [coarse(frame.reformat(format="yuvj420p")) for frame in container.decode(video=0)]


def distance(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def nearest(jpeg: bytes, among: list[bytes]) -> int:
    """Which of the pictures it is."""
    shown = pixels(jpeg)
    return min(range(len(among)), key=lambda number: distance(shown, among[number]))


async def test_the_newest_picture_is_shown(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 11_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:22])
    status, answer = await site.call(
        "POST", "/v1/cameras/gate/tickets", await site.token(), json={"action": "snapshot"}
    )
    assert status == 200
    status, jpeg = await site.get(answer["urls"]["snapshot"])
    assert status == 200
    assert nearest(jpeg, frames(footage, footage.fragments[20:22])) == 24
    live = await site.ticket("gate", action="live")
    assert await site.get(f"/snapshot/{live}.jpg") == (200, jpeg)
    async with site.http.get(f"/snapshot/{live}.jpg") as response:
        assert response.content_type == "image/jpeg"
        assert response.headers["Cache-Control"] == "no-store"


async def test_the_picture_of_an_instant_is_the_one_that_was_shown_then(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 60_000
    footage = session(start_ms, 20)
    site.spool(uid, footage.init, footage.fragments)
    ticket = await site.ticket(
        "gate", action="playback", start=format_instant(start_ms), end=format_instant(start_ms + 20_000)
    )
    among = frames(footage, footage.fragments)
    for offset_ms in (0, 2_000, 3_210, 7_999):
        instant = format_instant(start_ms + offset_ms)
        status, jpeg = await site.get(f"/snapshot/{ticket}.jpg?time={instant}")
        assert status == 200, jpeg
        assert nearest(jpeg, among) == offset_ms // 40


@pytest.mark.parametrize(
    ("action", "query", "status", "code"),
    [
        ("live", "?time=2026-11-26T00:00:00Z", 403, "ticket.wrong_action"),
        ("playback", "", 403, "ticket.wrong_action"),
        ("playback", "?time=2026-11-26T00:00:00Z", 403, "ticket.outside_window"),
        ("playback", "?time=yesterday", 400, None),
    ],
)
async def test_a_ticket_shows_what_it_is_for(
    site: Site, action: str, query: str, status: int, code: str | None
) -> None:
    await site.add_camera("gate")
    now_ms = site.clock.now_ms()
    window = {"start": format_instant(now_ms - 60_000), "end": format_instant(now_ms)}
    ticket = await site.ticket("gate", action=action, **(window if action == "playback" else {}))
    answered, problem = await site.call("GET", f"/snapshot/{ticket}.jpg{query}")
    assert answered == status
    assert code is None or problem["code"] == code
    assert code is not None or problem["field"] == "time"


async def test_without_a_picture_it_is_told_why(site: Site) -> None:
    await site.add_camera("gate")
    now_ms = site.clock.now_ms()
    window = {"start": format_instant(now_ms - 60_000), "end": format_instant(now_ms)}
    ticket = await site.ticket("gate", action="playback", **window)
    status, problem = await site.call("GET", f"/snapshot/{ticket}.jpg?time={window['start']}")
    assert (status, problem["code"]) == (404, "vod.no_footage")
    live = await site.ticket("gate", action="live")
    assert (await site.call("GET", f"/snapshot/{live}.jpg"))[0] == 503
    assert (await site.call("GET", "/snapshot/nothing.jpg"))[0] == 401


async def test_who_must_be_marked_gets_no_file(site: Site) -> None:
    await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    ticket = await site.ticket("square", "resident", action="live")
    status, problem = await site.call("GET", f"/snapshot/{ticket}.jpg")
    assert (status, problem["code"]) == (403, "snapshot.unmarked")


async def test_many_who_ask_at_once_get_the_same_picture_until_the_right_ends(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 11_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:22])
    ticket = await site.ticket("gate", action="live")
    answers = await asyncio.gather(*(site.get(f"/snapshot/{ticket}.jpg") for _ in range(50)))
    assert len({body for _, body in answers}) == 1
    await site.revoke(revocation_pb2.CAMERA, uid)
    await asyncio.sleep(0.5)
    status, problem = await site.call("GET", f"/snapshot/{ticket}.jpg")
    assert (status, problem["code"]) == (403, "ticket.revoked")
