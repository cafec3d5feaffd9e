"""`kill -9` in the middle of a minute costs the time away, and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from snowlight.media.fragment import Fragment, ObjectKey
from tests.cluster.person import Person, now_ms
from tests.cluster.playlist import MediaPlaylist
from tests.cluster.recording import Recorded, recorded_for, recording
from tests.cluster.stored import BucketStore, FolderStore, SpoolFolder, Store, end_ms
from tests.cluster.viewer import Viewer, viewing
from tests.cluster.watching import expect_same_numbers, expect_window
from tests.parts.minio import MinioServer
from tests.parts.snowlight import Process, Snowlight
from tests.waiting import eventually

WATCHED_S = 5
ROUNDING_MS = 2
OPEN_MS = 2_000
"""What is in no fragment yet, and so becomes part of the gap: half a second and a picture in the mux, and
what waits in the sockets of a machine that is busy."""
TICKS_MS = 3_000
"""The village's sound ticks each second: in so much of it at least one is heard."""


@dataclass(frozen=True)
class Outage:
    """Instants, ms since 1970 UTC."""

    killed_ms: float
    spooled_ms: dict[str, int]
    """Where the whole fragments in the spool ended after the kill, by camera uid."""
    started_ms: float
    """The process was started again."""
    back_ms: float
    """All cameras were seen to be recorded again."""


async def kill_while_watched(
    process: Process, viewers: Mapping[str, Viewer], spool: SpoolFolder
) -> tuple[float, dict[str, Fragment]]:
    """(When the process was killed, the last fragment of each camera that ingest had handed out)."""
    await process.kill()
    killed_ms = now_ms()
    seen = {uid: (await viewer.received())[-1] for uid, viewer in viewers.items()}
    for uid, fragment in seen.items():
        assert spool.holds(uid, fragment.data)
    return killed_ms, seen


async def start_again(
    process: Process, person: Person, cameras: Sequence[Recorded], spool: SpoolFolder, killed_ms: float
) -> Outage:
    """Start the process that was killed, and wait until all cameras are recorded again."""
    spooled_ms = {camera.uid: spool.end_ms(camera.uid) for camera in cameras}
    started_ms = now_ms()
    process.start()
    await process.wait_ready()
    for camera in cameras:
        await person.wait_recorded(camera.name, started_ms)
    return Outage(killed_ms, spooled_ms, started_ms, now_ms())


async def expect_only_the_time_away_lost(
    person: Person,
    cameras: Sequence[Recorded],
    store: Store,
    outage: Outage,
    seen: Mapping[str, Fragment],
) -> None:
    """What was seen or spooled is there, one gap begins where it ends, and all around the gap plays.

    `seen`: by camera uid, the last fragment that a viewer got.
    """

    async def finished() -> bool:
        return all(
            outage.spooled_ms[camera.uid] in map(end_ms, store.objects(camera.uid)) for camera in cameras
        )

    await eventually(finished, 30)
    for camera in cameras:
        timeline = await person.timeline(camera.name, camera.start_ms)
        assert len(timeline.gaps) == 1, timeline
        (gap,) = timeline.gaps
        assert gap.cause == "ingest_restart"
        assert gap.start_ms == outage.spooled_ms[camera.uid]
        assert gap.start_ms >= seen[camera.uid].end_ms - ROUNDING_MS
        assert outage.killed_ms - OPEN_MS <= gap.start_ms <= outage.killed_ms
        assert outage.started_ms <= gap.end_ms <= outage.back_ms
        before, after = timeline.spans
        assert before.end_ms == gap.start_ms
        assert after.start_ms == gap.end_ms
        last = await person.vod_playlist(camera.name, seen[camera.uid].start_ms, seen[camera.uid].end_ms)
        assert last.end_ms >= seen[camera.uid].end_ms - ROUNDING_MS

    watched = cameras[0]
    timeline = await person.timeline(watched.name, watched.start_ms)
    (gap,) = timeline.gaps
    await expect_window(person, watched.name, watched.stream, watched.start_ms, gap.start_ms)
    await asyncio.sleep(max(0.0, gap.end_ms + TICKS_MS - now_ms()) / 1000)
    await expect_window(person, watched.name, watched.stream, gap.end_ms + 1, now_ms())
    joined = await person.vod_playlist(watched.name, watched.start_ms, gap.end_ms + 1_000)
    assert joined.discontinuities == 1
    recorded_ms = gap.start_ms - joined.start_ms + joined.end_ms - gap.end_ms
    assert joined.duration_ms == pytest.approx(recorded_ms, abs=20)


async def test_ingest_killed_in_the_middle_of_a_minute(
    snowlight_separate: Snowlight, minio_server: MinioServer, tmp_path: Path
) -> None:
    bucket = snowlight_separate.environment["SNOWLIGHT_STORE_URL"].removeprefix("s3://")
    store, ingest = BucketStore(minio_server, bucket), snowlight_separate.processes["ingest"]
    spool = SpoolFolder(snowlight_separate.data_dir / "ingest" / "spool")
    async with recording(snowlight_separate, tmp_path, 4) as (person, cameras):
        stored = await first_stored(store, cameras)
        committed = next(camera for camera in cameras if camera.uid == stored.uid)
        live_url = await person.live_url(committed.name)
        async with viewing(snowlight_separate, [camera.uid for camera in cameras]) as viewers:
            await asyncio.sleep(WATCHED_S)
            before = await person.live_playlist(live_url)
            killed_ms, seen = await kill_while_watched(ingest, viewers, spool)
        await expect_window(
            person, committed.name, committed.stream, committed.start_ms + 1_000, end_ms(stored) - 1_000
        )  # what is committed needs no ingest
        outage = await start_again(ingest, person, cameras, spool, killed_ms)

        await expect_only_the_time_away_lost(person, cameras, store, outage, seen)
        assert before.end_ms <= outage.spooled_ms[committed.uid] + ROUNDING_MS
        kept = {str(key) for key in store.objects(committed.uid)}
        assert str(stored) in kept
        after = await live_since(person, live_url, outage.started_ms)
        assert after.segments[-1].number > before.segments[-1].number
        expect_same_numbers(before, after)


async def test_the_embedded_default_killed_in_the_middle_of_a_minute(
    snowlight_all: Snowlight, tmp_path: Path
) -> None:
    process, store = snowlight_all.processes["all"], FolderStore(snowlight_all.data_dir)
    spool = SpoolFolder(snowlight_all.data_dir / "spool")
    async with recording(snowlight_all, tmp_path, 2) as (person, cameras):
        await recorded_for(person, cameras, 10_000)
        async with viewing(snowlight_all, [camera.uid for camera in cameras]) as viewers:
            await asyncio.sleep(WATCHED_S)
            killed_ms, seen = await kill_while_watched(process, viewers, spool)
        outage = await start_again(process, person, cameras, spool, killed_ms)
        await expect_only_the_time_away_lost(person, cameras, store, outage, seen)


async def live_since(person: Person, url: str, instant_ms: float) -> MediaPlaylist:
    """The live playlist once it has a segment that began after `instant_ms`."""
    found: list[MediaPlaylist] = []

    async def live() -> bool:
        found[:] = [await person.live_playlist(url)]
        return found[0].segments[-1].start_ms > instant_ms

    await eventually(live, 30)
    return found[0]


async def first_stored(store: Store, cameras: Sequence[Recorded]) -> ObjectKey:
    """The first object of any camera, once it is there."""
    found: list[ObjectKey] = []

    async def stored() -> bool:
        found[:] = [key for camera in cameras for key in store.objects(camera.uid)]
        return bool(found)

    await eventually(stored, 110)
    return found[0]
