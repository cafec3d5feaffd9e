"""Fixtures of the real parts."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.parts.hooks import parts_key
from tests.parts.minio import MinioServer, run_minio
from tests.parts.postgres import PostgresServer, run_postgres


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests."""
    with run_postgres(request.config.stash[parts_key].need("postgres_server")) as server:
        yield server


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The URL of an empty database of this test's own."""
    name = await postgres_server.create_database()
    yield postgres_server.url(name)
    await postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; a test that uses it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def minio_server(request: pytest.FixtureRequest) -> Iterator[MinioServer]:
    """One MinIO for all tests."""
    with run_minio(request.config.stash[parts_key].need("minio_server")) as server:
        yield server


@pytest.fixture
def minio_bucket(minio_server: MinioServer) -> str:
    """An empty bucket of this test's own."""
    return minio_server.create_bucket()
