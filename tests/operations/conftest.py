"""One cluster for all rehearsals but those of a lost PostgreSQL: each leaves it at work."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.cluster.person import Person, signed_in
from tests.cluster.recording import Recorded, hand_on, recorded_for, register
from tests.cluster.village import run_village
from tests.operations.cluster import Cluster, installed
from tests.parts.minio import MinioServer
from tests.parts.postgres import PostgresServer, run_postgres

CAMERAS = 2
RECORDED_MS = 5_000


@pytest.fixture(scope="session")
def own_postgres(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The cluster's."""
    with run_postgres(postgres_server.binaries) as server:
        yield server


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """One on which nothing is yet."""
    with run_postgres(postgres_server.binaries) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recorded(
    tmp_path_factory: pytest.TempPathFactory, own_postgres: PostgresServer, minio_server: MinioServer
) -> AsyncIterator[tuple[Cluster, list[Recorded]]]:
    """A cluster, and cameras that it records; some of their footage is in the store."""
    folder = tmp_path_factory.mktemp("operations")
    async with AsyncExitStack() as stack:
        village = await stack.enter_async_context(run_village(folder, CAMERAS))
        cluster = await stack.enter_async_context(installed(folder, own_postgres, minio_server))
        async with signed_in(cluster.snowlight.url, cluster.username, cluster.password) as person:
            cameras = await register(person, village)
            await recorded_for(person, cameras, RECORDED_MS)
            await hand_on(cluster.snowlight, person, [each.name for each in cameras])
        yield cluster, cameras


@pytest.fixture
def cluster(recorded: tuple[Cluster, list[Recorded]]) -> Cluster:
    return recorded[0]


@pytest.fixture
def cameras(recorded: tuple[Cluster, list[Recorded]]) -> list[Recorded]:
    return recorded[1]


@pytest.fixture
async def person(cluster: Cluster) -> AsyncIterator[Person]:
    """Who was made by the runbook, signed in."""
    async with signed_in(cluster.snowlight.url, cluster.username, cluster.password) as person:
        yield person
