"""Each service as its own process, with PostgreSQL and MinIO."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.cluster.person import USERNAME, Person, add_duty_officer, now_ms, signed_in
from tests.cluster.stored import BucketStore, end_ms
from tests.cluster.village import Source, run_village
from tests.cluster.watching import (
    H264_AAC,
    ON_ITS_WAY_MS,
    Stream,
    expect_live,
    expect_same_numbers,
    expect_window,
)
from tests.parts.gstreamer import RtspServer
from tests.parts.minio import MinioServer
from tests.parts.snowlight import Process, Snowlight
from tests.waiting import eventually

WATCHED = "cameras/watched"
OTHERS = 4
"""Their minutes end at different seconds, so that one soon does."""
PUT_FAILURES = "snowlight_put_failures_total"


@dataclass(frozen=True)
class Site:
    """Four processes that record."""

    snowlight: Snowlight
    person: Person
    store: BucketStore
    uids: dict[str, str]
    """By camera."""
    streams: dict[str, Stream]
    start_ms: float
    """An instant at which all cameras were already live."""


@pytest.fixture
async def site(
    snowlight_separate: Snowlight, minio_server: MinioServer, gstreamer: RtspServer, tmp_path: Path
) -> AsyncIterator[Site]:
    bucket = snowlight_separate.environment["SNOWLIGHT_STORE_URL"].removeprefix("s3://")
    async with AsyncExitStack() as stack:
        village = await stack.enter_async_context(run_village(tmp_path, OTHERS))
        password = await add_duty_officer(snowlight_separate)
        person = await stack.enter_async_context(signed_in(snowlight_separate.url, USERNAME, password))
        sources = {WATCHED: Source(gstreamer.url("h264-aac"), H264_AAC)}
        sources |= {f"cameras/other-{number}": source for number, source in enumerate(village)}
        uids: dict[str, str] = {}
        for name, source in sources.items():
            uids[name] = (await person.create_camera(name.removeprefix("cameras/"), source.url))["uid"]
        for name in sources:
            await person.wait_online(name)
            await person.live_playlist(await person.live_url(name))
        streams = {name: source.stream for name, source in sources.items()}
        yield Site(snowlight_separate, person, BucketStore(minio_server, bucket), uids, streams, now_ms())


async def test_nothing_is_lost_whichever_part_is_away(site: Site, minio_server: MinioServer) -> None:
    person, processes = site.person, site.snowlight.processes
    await expect_live(person, WATCHED, H264_AAC)

    with minio_server.away():
        await put_has_failed(processes["ingest"])
        assert await processes["storage"].stop() == 0
        processes["storage"].start()
        await processes["storage"].wait_ready()
        await expect_window(person, WATCHED, H264_AAC, site.start_ms, now_ms())  # from the spool
    await spool_is_handed_on(site)
    await expect_window(person, WATCHED, H264_AAC, site.start_ms, now_ms())
    for name, uid in site.uids.items():
        timeline = await person.timeline(name, site.start_ms)
        assert timeline.gaps == []
        (span,) = timeline.spans
        assert span.end_ms > now_ms() - ON_ITS_WAY_MS
        for key in site.store.objects(uid):
            window = (max(site.start_ms, key.start_ms), end_ms(key) - 1)
            if window[1] - window[0] > 2_000:
                await expect_window(person, name, site.streams[name], *window)

    url = await person.live_url(WATCHED)
    before = await person.live_playlist(url)
    assert await processes["gateway"].stop() == 0
    processes["gateway"].start()
    await processes["gateway"].wait_ready()
    after = await person.live_playlist(url)
    assert {one.number for one in before.segments} & {one.number for one in after.segments}
    expect_same_numbers(before, after)
    await expect_live(person, WATCHED, H264_AAC)


async def put_has_failed(ingest: Process) -> None:
    """Return once a minute has ended that could not be put into the store."""

    async def failed() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{ingest.admin_url}/metrics") as response:
            lines = (await response.text()).splitlines()
        (value,) = (line.split()[1] for line in lines if line.startswith(PUT_FAILURES))
        return float(value) > 0

    await eventually(failed, 110)


async def spool_is_handed_on(site: Site) -> None:
    """Return once nothing is left in the spool but the minute that each camera is in."""
    spool = site.snowlight.data_dir / "ingest" / "spool"

    async def handed_on() -> bool:
        stored = sum(len(site.store.objects(uid)) for uid in site.uids.values())
        return stored > 0 and len(list(spool.glob("*.mp4"))) == len(site.uids)

    await eventually(handed_on, 60)
