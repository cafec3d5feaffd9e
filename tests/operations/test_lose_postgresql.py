"""Lose PostgreSQL: each service's database is away for a while, and what is said of meanwhile is so."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.cluster.person import USERNAME, Person, add_duty_officer, now_ms, signed_in
from tests.cluster.playlist import rfc3339
from tests.cluster.recording import Recorded, register
from tests.cluster.stored import BucketStore, end_ms
from tests.cluster.village import run_village
from tests.cluster.watching import expect_live
from tests.operations.cluster import KEEPING, expect_nothing_missing, sign_in_status
from tests.parts.minio import MinioServer
from tests.parts.postgres import PostgresServer, run_postgres
from tests.parts.snowlight import Snowlight, run_separate
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them

FENCED_S = 7
"""Longer than a worker that has others beside it would record without its database."""
CAMERAS = 6
"""Their minutes end at different seconds, so that one soon does."""


@dataclass(frozen=True)
class Site:
    """Four processes that record, whose databases can be away one by one."""

    snowlight: Snowlight
    servers: Mapping[str, PostgresServer]
    """By service."""
    store: BucketStore
    cameras: list[Recorded]
    password: str

    @property
    def spooled(self) -> int:
        """How many files are in the spool."""
        return len(list((self.snowlight.data_dir / "ingest" / "spool").glob("*.mp4")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, minio_server: MinioServer
) -> AsyncIterator[Site]:
    folder, bucket = tmp_path_factory.mktemp("databases"), f"footage-{secrets.token_hex(4)}"
    async with AsyncExitStack() as stack:
        servers = {name: stack.enter_context(run_postgres(postgres_server.binaries)) for name in KEEPING}
        databases = {name: server.url(await server.create_database()) for name, server in servers.items()}
        village = await stack.enter_async_context(run_village(folder, CAMERAS))
        snowlight = await stack.enter_async_context(
            run_separate(folder / "cluster", databases, minio_server.environment(bucket))
        )
        password = await add_duty_officer(snowlight)
        async with signed_in(snowlight.url, USERNAME, password) as person:
            cameras = await register(person, village)
        yield Site(snowlight, servers, BucketStore(minio_server, bucket), cameras, password)


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    async with signed_in(site.snowlight.url, USERNAME, site.password) as person:
        yield person


async def test_storages_away_minutes_wait_in_the_spool_and_live_goes_on(site: Site, person: Person) -> None:
    watched, since_ms = site.cameras[0], now_ms()
    with site.servers["storage"].away():
        await eventually(lambda: an_uncommitted_minute_is_stored(site, since_ms), 110)
        window = f"start={rfc3339(since_ms - 60_000)}&end={rfc3339(since_ms)}".replace("+", "%2B")
        refusal = await person.refusal("GET", f"/v1/{watched.name}/timeline?{window}")
        assert refusal == "database.unavailable"
        await expect_live(person, watched.name, watched.stream)
    await eventually(lambda: the_spool_has_its_open_minutes_alone(site), 60)
    await expect_nothing_missing(person, site.cameras, since_ms)


async def test_ingests_away_a_worker_alone_records_on(site: Site, person: Person) -> None:
    watched, since_ms = site.cameras[0], now_ms()
    with site.servers["ingest"].away():
        await asyncio.sleep(FENCED_S)
        await expect_live(person, watched.name, watched.stream)
        camera = {"region": "regions/421381", "source_url": watched.source_url, "camera_class": 2}
        refusal = await person.refusal("POST", "/v1/cameras?camera_id=late", camera | {"ownership": "PUBLIC"})
        assert refusal == "database.unavailable"
    await expect_nothing_missing(person, site.cameras, since_ms)
    assert (await person.create_camera("late", watched.source_url))["name"] == "cameras/late"


async def test_auths_away_who_has_a_ticket_watches_on_and_nobody_signs_in(site: Site, person: Person) -> None:
    watched, since_ms = site.cameras[0], now_ms()
    url = await person.live_url(watched.name)
    before = await person.live_playlist(url)
    with site.servers["auth"].away():
        assert await sign_in_status(site.snowlight, USERNAME, site.password) == 503
        refusal = await person.refusal("POST", f"/v1/{watched.name}/tickets", {"action": "live"})
        assert refusal == "database.unavailable"
        await asyncio.sleep(FENCED_S)
        after = await person.live_playlist(url)
        assert after.segments[-1].number > before.segments[-1].number

    async def signs_in() -> bool:
        return await sign_in_status(site.snowlight, USERNAME, site.password) == 200

    await eventually(signs_in)
    await expect_live(person, watched.name, watched.stream)
    await expect_nothing_missing(person, site.cameras, since_ms)


async def an_uncommitted_minute_is_stored(site: Site, since_ms: float) -> bool:
    """A minute that ended since then is in the bucket, and is kept in the spool as well."""
    ended = [
        key for camera in site.cameras for key in site.store.objects(camera.uid) if end_ms(key) > since_ms
    ]
    return bool(ended) and site.spooled > len(site.cameras)


async def the_spool_has_its_open_minutes_alone(site: Site) -> bool:
    return site.spooled <= len(site.cameras)
