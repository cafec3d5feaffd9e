"""Recorded pictures over HTTP, wherever the bytes lie."""

import asyncio
import re
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import av

from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site

MINUTE_MS = 60_000


def rfc3339(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).isoformat(timespec="milliseconds")


def segments(playlist: str) -> list[tuple[int, int]]:
    """(start_ms, count) of each media segment."""
    return [
        (int(start), int(count)) for start, count in re.findall(r"^vod/(\d+)-(\d+)\.m4s$", playlist, re.M)
    ]


class Recorded:
    """A camera with two minutes of one session, the first in the store and the second in the spool."""

    def __init__(self, site: Site, uid: str, footage: Session, ticket: str) -> None:
        self.site, self.uid, self.footage, self.ticket = site, uid, footage, ticket
        self.start_ms = footage.fragments[0].start_ms
        self.end_ms = footage.fragments[-1].end_ms

    async def playlist(self, start_ms: int, end_ms: int, extra: str = "") -> tuple[int, str]:
        async with self.site.http.get(
            f"/hls/{self.ticket}/vod.m3u8{extra}", params={"start": rfc3339(start_ms), "end": rfc3339(end_ms)}
        ) as response:
            return response.status, await response.text()


async def record(site: Site, *, gap_ms: int = 0) -> Recorded:
    """With `gap_ms`, the second minute is a session of its own that begins so much later."""
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 3 * MINUTE_MS
    footage = session(start_ms, 24)
    middle_ms = start_ms + 12_000
    first = site.spool(uid, footage.init, footage.between(start_ms, middle_ms))
    await site.commit(uid, first)
    later = session(middle_ms + gap_ms, 12) if gap_ms else footage
    rest = later.fragments if gap_ms else footage.between(middle_ms, start_ms + 24_000)
    site.spool(uid, later.init, rest)
    if gap_ms:
        footage = Session(footage.init, footage.between(start_ms, middle_ms) + rest)
    window = {"start": rfc3339(start_ms), "end": rfc3339(footage.fragments[-1].end_ms)}
    ticket = await site.ticket("gate", action="playback", **window)
    return Recorded(site, uid, footage, ticket)


def decode(url: str) -> list[Fraction]:
    times: list[Fraction] = []
    with av.open(url, timeout=20) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            times.append(frame.pts * frame.time_base)
    return times


async def test_a_range_over_store_and_spool_decodes_without_a_seam(site: Site) -> None:
    recorded = await record(site)
    status, text = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    assert status == 200, text
    assert text.count("#EXT-X-MAP") == 1
    assert "#EXT-X-DISCONTINUITY" not in text
    assert text.endswith("#EXT-X-ENDLIST\n")
    times = await asyncio.to_thread(decode, f"{site.url}/hls/{recorded.ticket}/vod.m3u8")
    assert len(times) == 24 * 25
    steps = {round((after - before) * 25) for before, after in pairwise(times)}
    assert steps == {1}


async def test_the_bytes_are_the_same_before_and_after_the_move_to_the_store(site: Site) -> None:
    recorded = await record(site)
    _, text = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    start, count = segments(text)[-1]
    path = f"/hls/{recorded.ticket}/vod/{start}-{count}.m4s"
    status, before = await site.get(path)
    first = next(n for n, fragment in enumerate(recorded.footage.fragments) if fragment.start_ms == start)
    expected = b"".join(fragment.data for fragment in recorded.footage.fragments[first : first + count])
    assert (status, before) == (200, expected)
    # The index still holds the spool file for a moment: the reader must find the object by itself.
    await site.commit(recorded.uid, site.ingest.pictures.spool[recorded.uid][0])
    assert await site.get(path) == (200, expected)


async def test_a_range_starts_at_the_key_frame_before_and_ends_with_the_fragment_that_holds_its_end(
    site: Site,
) -> None:
    recorded = await record(site)
    start_ms, end_ms = recorded.start_ms + 3_300, recorded.start_ms + 9_100
    _, text = await recorded.playlist(start_ms, end_ms)
    found = segments(text)
    assert found[0][0] == recorded.start_ms + 2_000
    assert re.search(
        r"PROGRAM-DATE-TIME:(\S+)", text
    )[
        1
    ].startswith(  # type: ignore[index]
        rfc3339(recorded.start_ms + 2_000)[:23]
    )
    starts = [fragment.start_ms for fragment in recorded.footage.fragments]
    last = starts.index(found[-1][0]) + found[-1][1] - 1
    assert starts[last] < end_ms <= recorded.footage.fragments[last].end_ms


async def test_segments_have_the_same_names_whatever_range_is_asked(site: Site) -> None:
    recorded = await record(site)
    _, whole = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    _, part = await recorded.playlist(recorded.start_ms + 7_000, recorded.end_ms)
    assert segments(part)[1:] == segments(whole)[-len(segments(part)) + 1 :]
    assert len(segments(part)) > 2


async def test_gaps_are_left_out_or_shown(site: Site) -> None:
    recorded = await record(site, gap_ms=20_000)
    _, text = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert text.count("#EXT-X-MAP") == 2
    assert "EXT-X-GAP" not in text
    durations = [float(value) for value in re.findall(r"#EXTINF:([\d.]+)", text)]
    assert sum(durations) == 24
    async with site.http.get(f"/hls/{recorded.ticket}/vod.m3u8?gaps=show") as response:
        shown = await response.text()
    target = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", shown)[0])
    durations = [float(value) for value in re.findall(r"#EXTINF:([\d.]+)", shown)]
    assert max(durations) <= target
    assert sum(durations) == 44
    assert shown.count("#EXT-X-GAP\n") == 4
    times = await asyncio.to_thread(decode, f"{site.url}/hls/{recorded.ticket}/vod.m3u8")
    # FFmpeg drops the first fragment after media time jumped back to 0; nothing else may be missing.
    assert len(times) >= 24 * 25 - 13
    assert (times[299], times[-1]) == (Fraction(299, 25), Fraction(299, 25))


async def test_no_footage_is_said_and_no_video_is_sent_outside_the_window(site: Site) -> None:
    recorded = await record(site)
    other = session(recorded.end_ms, 12)
    site.spool(recorded.uid, other.init, other.fragments)
    ticket, start_ms, end_ms = recorded.ticket, recorded.start_ms, recorded.end_ms
    for first, last in ((start_ms - 1, end_ms), (start_ms, end_ms + 1)):
        status, text = await recorded.playlist(first, last)
        assert status == 403, text
        assert "ticket.outside_window" in text
    beyond = f"{other.fragments[0].start_ms}-1"
    across = f"{recorded.footage.fragments[-1].start_ms}-2"
    assert (await site.get(f"/hls/{ticket}/vod/{beyond}.m4s"))[0] == 403
    assert (await site.get(f"/hls/{ticket}/vod/{across}.m4s"))[0] == 404
    assert (await site.get(f"/hls/{ticket}/vod/init-{other.fragments[0].start_ms}.mp4"))[0] == 403
    for name in (f"{start_ms + 1}-1.m4s", f"{start_ms}-9999.m4s", "x-1.m4s", "1-0.m4s", "init-x.mp4"):
        status, body = await site.get(f"/hls/{ticket}/vod/{name}")
        assert status in (403, 404), name
        assert b"moof" not in body

    window = {"start": rfc3339(start_ms - 2 * MINUTE_MS), "end": rfc3339(start_ms - MINUTE_MS)}
    empty = await site.ticket("gate", action="playback", **window)
    status, answer = await site.call("GET", f"/hls/{empty}/vod.m3u8")
    assert (status, answer["code"]) == (404, "vod.no_footage")


async def test_a_ticket_for_part_of_an_object_opens_that_part_only(site: Site) -> None:
    recorded = await record(site)
    start_ms, end_ms = recorded.start_ms + 5_000, recorded.start_ms + 7_000
    window = {"start": rfc3339(start_ms), "end": rfc3339(end_ms)}
    ticket = await site.ticket("gate", action="playback", **window)
    async with site.http.get(f"/hls/{ticket}/vod.m3u8") as response:
        mine = segments(await response.text())
    assert mine[0][0] == recorded.start_ms + 4_000
    for start, count in mine:
        assert (await site.get(f"/hls/{ticket}/vod/{start}-{count}.m4s"))[0] == 200
    before, (last, count) = recorded.start_ms + 2_000, mine[-1]
    assert (await site.get(f"/hls/{ticket}/vod/{before}-1.m4s"))[0] == 403
    assert (await site.get(f"/hls/{ticket}/vod/{last}-{count + 1}.m4s"))[0] == 403


async def test_a_malformed_range_names_its_fault(site: Site) -> None:
    recorded = await record(site)
    ahead, further = (
        rfc3339(site.clock.now_ms() + minutes * MINUTE_MS).replace("+00:00", "Z") for minutes in (1, 2)
    )
    for query, field in (
        ("start=yesterday&end=2026-01-01T00:00:00Z", "start"),
        ("start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00", "end"),
        ("start=2026-01-01T00:00:00Z", "end"),
        ("start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z", "end"),
        ("start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", "end"),
        ("start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z", "end"),
        (f"start={ahead}&end=2099-01-01T00:00:00Z", "end"),
        (f"start={ahead}&end={further}", "start"),
        ("end=2026-01-01T00:00:00Z", "start"),
        ("gaps=hide", "gaps"),
    ):
        for name in ("vod", "archive", "vod.iframes"):
            status, answer = await site.call("GET", f"/hls/{recorded.ticket}/{name}.m3u8?{query}")
            assert (status, answer["field"]) == (400, field), query


async def test_the_timeline_joins_store_spool_and_the_gap_that_goes_on(site: Site) -> None:
    recorded = await record(site, gap_ms=20_000)
    site.ingest.pictures.open_gaps[recorded.uid] = ("AUTH_FAILED", recorded.end_ms)
    token = await site.token()
    now_ms = site.clock.now_ms()
    query = {"start": rfc3339(recorded.start_ms - 1000), "end": rfc3339(now_ms + MINUTE_MS)}
    status, answer = await site.call("GET", "/v1/cameras/gate/timeline", token, params=query)
    assert status == 200, answer
    spans = [(_ms(span["start"]), _ms(span["end"])) for span in answer["spans"]]
    start_ms, end_ms = recorded.start_ms, recorded.end_ms
    assert spans == [(start_ms, start_ms + 12_000), (start_ms + 32_000, end_ms)]
    # The camera was registered after all this footage was made: only what it misses since is a gap.
    assert [gap["cause"] for gap in answer["gaps"]] in ([], ["auth_failed"])
    site.clock.ahead_s += 60
    token = await site.token()
    query["end"] = rfc3339(site.clock.now_ms())
    _, answer = await site.call("GET", "/v1/cameras/gate/timeline", token, params=query)
    assert [gap["cause"] for gap in answer["gaps"]] == ["auth_failed"]
    for start, end, field in (("x", query["end"], "start"), (query["start"], "", "end")):
        status, answer = await site.call(
            "GET", "/v1/cameras/gate/timeline", token, params={"start": start, "end": end}
        )
        assert (status, answer["field"]) == (400, field)


async def test_an_hour_of_the_index_is_asked_once_for_many_segments(site: Site) -> None:
    recorded = await record(site)
    _, text = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    asked = site.ingest.pictures.listed
    answers = await asyncio.gather(
        *(site.get(f"/hls/{recorded.ticket}/vod/{start}-{count}.m4s") for start, count in segments(text) * 5)
    )
    assert {status for status, _ in answers} == {200}
    assert site.ingest.pictures.listed - asked <= 2


async def test_a_day_of_the_index_is_asked_in_a_few_calls(site: Site) -> None:
    recorded = await record(site)
    _, short = await recorded.playlist(recorded.start_ms, recorded.end_ms)
    window = {"start": rfc3339(recorded.end_ms - 23 * 60 * MINUTE_MS), "end": rfc3339(recorded.end_ms)}
    ticket = await site.ticket("gate", action="playback", **window)
    asked = site.ingest.pictures.listed
    status, whole = await site.get(f"/hls/{ticket}/vod.m3u8")
    assert (status, segments(whole.decode())) == (200, segments(short))
    assert site.ingest.pictures.listed - asked <= 6


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
