"""Without a ticket that verifies, for this camera, action and window, and in time: never a byte of video."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.bad_input.tickets import (
    Opened,
    altered,
    assert_no_video,
    auth_signature,
    forged,
    open_footage,
    open_live,
    sign,
)
from tests.bad_input.town import VILLAGE, Town
from tests.person import day_around, now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


@dataclass(frozen=True)
class Tickets:
    """Good tickets for the camera "gate", and what they open."""

    live: str
    playback: str
    live_opens: Opened
    playback_opens: Opened


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def good(town: Town) -> AsyncIterator[Tickets]:
    """Tickets that play, so that a refusal is the bad ticket's doing."""

    async def recorded() -> bool:
        timeline = await town.viewer.timeline("gate", town.since - timedelta(seconds=1), now())
        return bool(timeline["spans"])

    await eventually(recorded)
    live = await town.viewer.ticket("gate", "live")
    playback = await town.viewer.ticket("gate", "playback", **day_around(town.since))
    live_opens = await open_live(town.nobody, live)
    yield Tickets(live, playback, live_opens, await open_footage(town.nobody, playback))


async def test_no_ticket(town: Town, good: Tickets) -> None:
    for path in (*good.live_opens.paths, *good.playback_opens.paths):
        for way in (f"/hls/{path}", f"/hls//{path}", f"/hls/{path}?ticket={good.live}"):
            assert_no_video(await town.admin.ask("GET", way), 401, "ticket.missing")


async def test_a_ticket_altered_anywhere(town: Town, good: Tickets) -> None:
    for ticket, path in ((good.live, "live/media.m3u8"), (good.playback, good.playback_opens.segments[0])):
        for wrong in altered(ticket):
            answer = await town.nobody.ask("GET", f"/hls/{wrong}/{path}")
            assert answer.status == 401, (wrong, answer)
            assert answer.content_type == "application/problem+json"


async def test_a_forged_ticket(town: Town, good: Tickets) -> None:
    for ticket, opened in ((good.live, good.live_opens), (good.playback, good.playback_opens)):
        for wrong in (*forged(ticket), ticket[:-8], ticket + "AAAA", town.admin.token, "a.b.c"):
            for path in opened.paths:
                for method in ("GET", "HEAD"):
                    answer = await town.nobody.ask(method, f"/hls/{wrong}/{path}")
                    assert_no_video(answer, 401, "auth.token_invalid")


async def test_a_ticket_for_another_action(town: Town, good: Tickets) -> None:
    export = await town.admin.ticket("gate", "export", **day_around(town.since))
    snapshot = await town.admin.ticket("gate", "snapshot")
    wrong = [(good.live, path) for path in good.playback_opens.paths]
    wrong += [(good.playback, path) for path in good.live_opens.paths]
    for other in (export, snapshot):
        wrong += [(other, path) for path in (*good.live_opens.paths, *good.playback_opens.paths)]
    for ticket, path in wrong:
        assert_no_video(await town.nobody.ask("GET", f"/hls/{ticket}/{path}"), 403, "ticket.wrong_action")


async def test_a_ticket_for_another_camera(town: Town, good: Tickets) -> None:
    dark = await town.viewer.ticket("refused-port", "playback", **day_around(town.since))
    for path in (good.playback_opens.init, *good.playback_opens.segments):
        assert_no_video(await town.nobody.ask("GET", f"/hls/{dark}/{path}"), 404, "vod.unknown_part")
    assert_no_video(await town.nobody.ask("GET", f"/hls/{dark}/vod.m3u8"), 404, "vod.no_footage")
    dark = await town.viewer.ticket("refused-port", "live")
    for path in good.live_opens.paths:
        assert_no_video(await town.nobody.ask("GET", f"/hls/{dark}/{path}"), 503, "camera.offline")


async def test_a_path_taken_to_another_camera_s_ticket_shows_that_camera(town: Town, good: Tickets) -> None:
    other = await town.viewer.ticket("bridge", "playback", **day_around(town.since))
    path = f"vod/init-{round(town.since.timestamp() * 1000) + 1000}.mp4"  # of an instant both have recorded

    async def both_have_it() -> bool:
        answers = [await town.nobody.ask("GET", f"/hls/{each}/{path}") for each in (good.playback, other)]
        return [answer.status for answer in answers] == [200, 200]

    await eventually(both_have_it)
    own = await town.nobody.ask("GET", f"/hls/{good.playback}/{path}")
    theirs = await town.nobody.ask("GET", f"/hls/{other}/{path}")
    assert theirs.body != own.body


async def test_a_ticket_whose_camera_was_deleted(town: Town) -> None:
    url = town.places.rtsp("bridge")
    await town.admin.add_camera("passing", region=VILLAGE, source_url=url)

    async def recorded() -> bool:
        created = now() - timedelta(minutes=5)
        return bool((await town.admin.timeline("passing", created, now()))["spans"])

    await eventually(recorded)
    live = await town.admin.ticket("passing", "live")
    playback = await town.admin.ticket("passing", "playback", **day_around(town.since))
    opened = await open_live(town.nobody, live), await open_footage(town.nobody, playback)
    assert (await town.admin.ask("DELETE", "/v1/cameras/passing")).status == 204
    await town.admin.add_camera("passing", region=VILLAGE, source_url=url)  # which inherits nothing
    for ticket, paths in zip((live, playback), opened, strict=True):
        for path in paths.paths:
            answer = await town.nobody.ask("GET", f"/hls/{ticket}/{path}")
            assert answer.json()["code"] in ("ticket.camera_gone", "ticket.revoked")  # as it is learnt first
            assert_no_video(answer, 403, answer.json()["code"])
    assert (await town.admin.ask("DELETE", "/v1/cameras/passing")).status == 204


async def test_what_lies_outside_the_window(town: Town, good: Tickets) -> None:
    yesterday = town.since - timedelta(days=1)
    narrow = {"start": yesterday.isoformat(), "end": (yesterday + timedelta(hours=1)).isoformat()}
    ticket = await town.viewer.ticket("gate", "playback", **narrow)
    for path in (good.playback_opens.init, *good.playback_opens.segments):
        answer = await town.nobody.ask("GET", f"/hls/{ticket}/{path}")
        assert_no_video(answer, 403, "ticket.outside_window")
    for start, end in (
        (yesterday - timedelta(seconds=1), yesterday + timedelta(minutes=1)),
        (yesterday + timedelta(minutes=59), yesterday + timedelta(minutes=61)),
        (town.since, now()),
    ):
        wider = {"start": start.isoformat(), "end": end.isoformat()}
        answer = await town.nobody.ask("GET", f"/hls/{ticket}/vod.m3u8", params=wider)
        assert_no_video(answer, 403, "ticket.outside_window")


async def test_an_expired_ticket(town: Town, good: Tickets) -> None:
    async with auth_signature(town.snowlight) as keys:
        for ticket, opened in ((good.live, good.live_opens), (good.playback, good.playback_opens)):
            assert (
                await town.nobody.ask("GET", f"/hls/{sign(keys, ticket, _in(60))}/{opened.init}")
            ).status == 200
            for over in (_in(0), _in(-1), _in(-86_400), 0):
                for path in opened.paths:
                    answer = await town.nobody.ask("GET", f"/hls/{sign(keys, ticket, over)}/{path}")
                    assert_no_video(answer, 410, "ticket.expired")


async def test_a_ticket_that_expires_while_it_is_used(town: Town, good: Tickets) -> None:
    async with auth_signature(town.snowlight) as keys:
        ticket = sign(keys, good.live, _in(3))
    path = f"/hls/{ticket}/live/media.m3u8"
    assert (await town.nobody.ask("GET", path)).status == 200

    async def over() -> bool:
        return (await town.nobody.ask("GET", path)).status != 200

    await eventually(over)
    assert_no_video(await town.nobody.ask("GET", path), 410, "ticket.expired")


def _in(seconds: int) -> int:
    return int(time.time()) + seconds
