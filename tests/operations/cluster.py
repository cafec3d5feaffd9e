"""A cluster that was installed by the runbook, and the operator who follows the others on it."""

import json
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from tests.cluster.decoding import play
from tests.cluster.person import Person, Timeline, now_ms
from tests.cluster.recording import Recorded
from tests.cluster.watching import ON_ITS_WAY_MS
from tests.operations.guide import carry_out, commands
from tests.parts.minio import MinioServer
from tests.parts.postgres import PostgresServer
from tests.parts.snowlight import Snowlight, run_separate
from tests.waiting import eventually

KEEPING = ("auth", "storage", "ingest")
"""The services that have a database."""
STORING = ("storage", "ingest", "gateway")
"""The services that have keys of the object store."""
PLAYED_MS = 2_000


@dataclass
class Cluster:
    """Four processes on PostgreSQL and MinIO, each with a role and a user of its own there."""

    snowlight: Snowlight
    postgres: PostgresServer
    minio: MinioServer
    administrator: dict[str, str]
    """What the shell of whoever administers databases and stores knows besides."""
    username: str
    """Of somebody who may do everything in the county."""
    password: str
    folder: Path
    """Where the operator keeps dumps and keys."""

    async def follow(self, runbook: str, word: str, *, expected_status: int = 0, **told: str) -> str:
        """Carry out the commands of a runbook that have `word` in them, with `told` in the environment.

        Returns what they print.
        """
        urls = _database_variables(self.snowlight.environment)
        shell = {**shell_of(self.snowlight), **self.administrator, **urls, **told}
        return await carry_out(commands(runbook, word), self.folder, shell, expected_status=expected_status)

    def move(self, server: PostgresServer) -> None:
        """Databases are made and looked for on another server from now on."""
        self.postgres = server
        self.administrator["ADMIN_URL"] = admin_url(server)
        self.snowlight.tell(database_settings(database_urls(server)))

    async def restart(self, *services: str) -> None:
        """One after the other."""
        for service in services:
            process = self.snowlight.processes[service]
            assert await process.stop() == 0
            process.start()
            await process.wait_ready()


@asynccontextmanager
async def installed(folder: Path, postgres: PostgresServer, minio: MinioServer) -> AsyncIterator[Cluster]:
    """A cluster on a server without databases, a county and somebody in it, while the context is open."""
    operators = folder / "operator"
    operators.mkdir()
    bucket, key = f"footage-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    administrator = {**minio.environment(bucket), "ADMIN_URL": admin_url(postgres), "PASSWORD": "first"}
    shell = {**administrator, "SNOWLIGHT_CLUSTER_KEY": key, "SNOWLIGHT_DATA_DIR": str(folder)}
    await carry_out(commands("Install", "CREATE DATABASE"), operators, shell)
    databases = database_urls(postgres)
    await carry_out(commands("Install", "migrate"), operators, {**shell, **database_settings(databases)})

    shared = {name: value for name, value in shell.items() if name.startswith("SNOWLIGHT_STORE_")}
    settings = {**shared, "SNOWLIGHT_CLUSTER_KEY": key, **database_settings(databases)}
    keys = store_keys(operators / "keys")
    async with run_separate(folder / "cluster", {}, settings, keys) as snowlight:
        printed = await carry_out(commands("Install", "create-operator"), operators, shell_of(snowlight))
        password = printed.rpartition("password: ")[2].strip()
        yield Cluster(snowlight, postgres, minio, administrator, "li", password, operators)


def admin_url(server: PostgresServer) -> str:
    """Of a role that may make roles and databases, as PostgreSQL's own programs take it."""
    return f"postgresql://postgres@127.0.0.1:{server.port}"


def database_urls(server: PostgresServer) -> dict[str, str]:
    """Of the databases that the runbook makes, with their roles, as services take them."""
    return {name: server.url(name).replace("postgres@", f"{name}:first@") for name in KEEPING}


def database_settings(urls: Mapping[str, str]) -> dict[str, str]:
    """How processes are told of them."""
    return {f"SNOWLIGHT_{service.upper()}_DATABASE_URL": url for service, url in urls.items()}


def store_keys(folder: Path) -> dict[str, dict[str, str]]:
    """By service, how it is told of the keys that `init-store` has put into `folder` for it."""
    made = {service: json.loads((folder / f"default-{service}.json").read_bytes()) for service in STORING}
    return {
        service: {
            "SNOWLIGHT_STORE_ACCESS_KEY": keys["access_key"],
            "SNOWLIGHT_STORE_SECRET_KEY": keys["secret_key"],
        }
        for service, keys in made.items()
    }


async def expect_all_plays(person: Person, camera: Recorded, timeline: Timeline) -> None:
    """Each span of the timeline plays from its beginning on, whatever a busy machine made of the pictures."""
    for span in timeline.spans:
        end_ms = min(span.start_ms + PLAYED_MS, span.end_ms) - 1
        playlist = await person.vod_playlist(camera.name, span.start_ms, end_ms)
        assert playlist.start_ms <= span.start_ms + 1
        assert playlist.end_ms >= end_ms
        assert (await play(await person.vod_url(camera.name, span.start_ms, end_ms))).pictures


async def sign_in_status(snowlight: Snowlight, username: str, password: str) -> int:
    """The HTTP status of an attempt to sign in."""
    form = {"grant_type": "password", "username": username, "password": password}
    url = urljoin(snowlight.url, "/v1/token")
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as response:
        return response.status


async def expect_nothing_missing(person: Person, cameras: Iterable[Recorded], since_ms: float) -> None:
    """Of each camera there is all from `since_ms` to this very second, and no gap."""
    for camera in cameras:

        async def is_whole(name: str = camera.name) -> bool:
            timeline = await person.timeline(name, since_ms)
            return bool(timeline.spans) and timeline.spans[-1].end_ms > now_ms() - ON_ITS_WAY_MS

        await eventually(is_whole, 60)
        timeline = await person.timeline(camera.name, since_ms)
        assert (len(timeline.spans), timeline.gaps) == (1, []), timeline


def up_to(timeline: Timeline, end_ms: float) -> list[tuple[float, float, str]]:
    """Start, end and cause ("" of what can be played) of all that begins before `end_ms`, cut there."""
    told = [*timeline.spans, *timeline.gaps]
    return sorted(
        (each.start_ms, min(each.end_ms, end_ms), each.cause) for each in told if each.start_ms < end_ms
    )


def shell_of(snowlight: Snowlight) -> dict[str, str]:
    """What the shell knows that `snowlight admin` is called in."""
    return {**snowlight.environment, "SNOWLIGHT_DATA_DIR": str(snowlight.data_dir)}


def _database_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """`AUTH_URL` and so on, as PostgreSQL's own programs take them."""
    return {
        f"{service}_URL": settings[f"SNOWLIGHT_{service}_DATABASE_URL"].replace("+asyncpg", "")
        for service in map(str.upper, KEEPING)
    }
