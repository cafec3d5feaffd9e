"""Fixtures of the real parts."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.parts.access_clients import JavaClients
from tests.parts.chromium import run_chromium
from tests.parts.gstreamer import RtspServer, run_gstreamer
from tests.parts.hooks import parts_key
from tests.parts.mediamtx import MediaMtx, run_mediamtx
from tests.parts.minio import MinioServer, run_minio
from tests.parts.part import CACHE
from tests.parts.postgres import PostgresServer, run_postgres
from tests.parts.rtmp import Nginx, RtmpServer, run_rtmp
from tests.parts.silence import Way, way_to
from tests.parts.snowlight import Snowlight, run_embedded, run_separate


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


@pytest.fixture
async def way(postgres_server: PostgresServer) -> AsyncIterator[Way]:
    """A way to PostgreSQL on which connections may fall silent."""
    async with way_to(postgres_server.port) as way:
        yield way


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; a test that uses it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """The same, where a package does not have its service's tables in it already (`tests.parts.migrated`)."""
    return empty_database_url


@pytest.fixture(scope="session")
def minio_server(request: pytest.FixtureRequest) -> Iterator[MinioServer]:
    """One MinIO for all tests."""
    with run_minio(request.config.stash[parts_key].need("minio_server")) as server:
        yield server


@pytest.fixture
def minio_bucket(minio_server: MinioServer) -> str:
    """An empty bucket of this test's own."""
    return minio_server.create_bucket()


@pytest.fixture(scope="session")
def gstreamer_python(request: pytest.FixtureRequest) -> Path:
    """The Python that `run_gstreamer` needs, for a server with credentials."""
    found: Path = request.config.stash[parts_key].need("gstreamer_python")
    return found


@pytest.fixture(scope="session")
def gstreamer(gstreamer_python: Path) -> Iterator[RtspServer]:
    """One open GStreamer RTSP server for all tests."""
    with run_gstreamer(gstreamer_python) as server:
        yield server


@pytest.fixture(scope="session")
def promtool(request: pytest.FixtureRequest) -> Path:
    """Prometheus's tool for rules."""
    found: Path = request.config.stash[parts_key].need("promtool")
    return found


@pytest.fixture(scope="session")
def mediamtx_program(request: pytest.FixtureRequest) -> Path:
    """What `run_mediamtx` needs, for a server with credentials."""
    found: Path = request.config.stash[parts_key].need("mediamtx_program")
    return found


@pytest.fixture(scope="session")
def mediamtx(mediamtx_program: Path) -> Iterator[MediaMtx]:
    """One open MediaMTX for all tests."""
    with run_mediamtx(mediamtx_program) as server:
        yield server


@pytest.fixture(scope="session")
def nginx(request: pytest.FixtureRequest) -> Nginx:
    """What `run_rtmp` needs."""
    found: Nginx = request.config.stash[parts_key].need("nginx")
    return found


@pytest.fixture(scope="session")
def rtmp_server(nginx: Nginx) -> Iterator[RtmpServer]:
    """One RTMP server for all tests."""
    with run_rtmp(nginx) as server:
        yield server


@pytest.fixture(scope="session")
def ffprobe(request: pytest.FixtureRequest) -> Path:
    """FFprobe."""
    found: Path = request.config.stash[parts_key].need("ffprobe")
    return found


@pytest.fixture(scope="session")
def faad(request: pytest.FixtureRequest) -> Path:
    """FAAD2."""
    found: Path = request.config.stash[parts_key].need("faad")
    return found


@pytest.fixture(scope="session")
def documented_programs(request: pytest.FixtureRequest) -> tuple[Path, ...]:
    """What the examples of the guides call."""
    found: tuple[Path, ...] = request.config.stash[parts_key].need("documented_programs")
    return found


@pytest.fixture(scope="session")
def go_client(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The command of the example in Go."""
    found: tuple[str, ...] = request.config.stash[parts_key].need("go_client")
    return found


@pytest.fixture(scope="session")
def java_clients(request: pytest.FixtureRequest) -> JavaClients:
    """The commands of the examples in Java."""
    found: JavaClients = request.config.stash[parts_key].need("java_clients")
    return found


@pytest.fixture(scope="session")
def grpcurl(request: pytest.FixtureRequest) -> Path:
    """The program."""
    found: Path = request.config.stash[parts_key].need("grpcurl")
    return found


@pytest.fixture(scope="session")
def ghz(request: pytest.FixtureRequest) -> Path:
    """The program."""
    found: Path = request.config.stash[parts_key].need("ghz")
    return found


@pytest.fixture(scope="session")
def chromium_program(request: pytest.FixtureRequest) -> Path:
    """The browser's program."""
    found: Path = request.config.stash[parts_key].need("chromium_program")
    return found


@pytest.fixture(scope="session")
def chinese_font(request: pytest.FixtureRequest) -> str:
    """The family of a font that is installed, with Chinese and Latin letters."""
    return str(request.config.stash[parts_key].need("chinese_font"))


@pytest.fixture
async def browser(chromium_program: Path) -> AsyncIterator[Browser]:
    """A Chromium of this test's own."""
    async with run_chromium(chromium_program) as opened:
        yield opened


@pytest.fixture(scope="session")
def loops() -> Path:
    """The folder of the simulator's encoded loops: each is encoded once on a machine."""
    return CACHE / "loops"


@pytest.fixture
def snowlight_settings() -> dict[str, str]:
    """Further settings (`SNOWLIGHT_*`) of the cluster; override it where a test needs some."""
    return {}


@pytest.fixture
async def snowlight_all(tmp_path: Path, snowlight_settings: dict[str, str]) -> AsyncIterator[Snowlight]:
    """`snowlight all`, the embedded default, as a process of its own."""
    async with run_embedded(tmp_path / "all", snowlight_settings) as snowlight:
        yield snowlight


@pytest.fixture
async def snowlight_separate(
    tmp_path: Path,
    snowlight_settings: dict[str, str],
    postgres_server: PostgresServer,
    minio_server: MinioServer,
) -> AsyncIterator[Snowlight]:
    """Four processes on PostgreSQL and MinIO, whose bucket they have to make."""
    names = {service: await postgres_server.create_database() for service in ("auth", "ingest", "storage")}
    databases = {service: postgres_server.url(name) for service, name in names.items()}
    settings = {**minio_server.environment(f"footage-{secrets.token_hex(4)}"), **snowlight_settings}
    async with run_separate(tmp_path / "separate", databases, settings) as snowlight:
        yield snowlight
    for name in names.values():
        await postgres_server.drop_database(name)
