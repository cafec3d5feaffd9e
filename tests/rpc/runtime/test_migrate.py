"""`snowlight migrate`, as an operator or a job of a cluster runs it."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.migrate import bring_up_to_date
from simulator.ports import free_port
from snowlight.migrations import newest_revision
from tests.parts.part import ROOT
from tests.parts.postgres import PostgresServer

SERVICES = ("auth", "storage", "ingest")


async def test_every_database_that_is_set_is_brought_up_to_date_once(
    database_urls: Mapping[str, str],
) -> None:
    first = await _run(database_urls)
    assert first == (0, "".join(f"{name}: was empty, is at {_newest(name)}\n" for name in SERVICES), "")
    again = await _run(database_urls)
    assert again == (0, "".join(f"{name}: is at {_newest(name)} already\n" for name in SERVICES), "")


async def test_two_at_once_both_find_all_done(database_urls: Mapping[str, str]) -> None:
    for status, told, complaint in await asyncio.gather(_run(database_urls), _run(database_urls)):
        assert (status, complaint) == (0, "")
        assert all(f"is at {_newest(name)}" in told for name in SERVICES)


async def test_one_that_is_not_set_is_left_alone(tmp_path: Path) -> None:
    status, told, _ = await _run({"storage": f"sqlite+aiosqlite:///{tmp_path / 'storage.db'}"})
    assert (status, told) == (0, f"storage: was empty, is at {_newest('storage')}\n")
    assert not (tmp_path / "auth.db").exists()


async def test_none_set_is_said() -> None:
    status, _, complaint = await _run({})
    assert status == 1
    assert complaint == (
        "snowlight: config.database_url: none is set of SNOWLIGHT_AUTH_DATABASE_URL, "
        "SNOWLIGHT_STORAGE_DATABASE_URL, SNOWLIGHT_INGEST_DATABASE_URL\n"
    )


async def test_a_database_that_starts_later_is_waited_for(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    port = free_port()
    url = postgres_url.replace(f":{postgres_server.port}/", f":{port}/")
    running = asyncio.create_task(_run({"auth": url}, "--wait", "60"))
    await asyncio.sleep(2)
    assert not running.done()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", postgres_server.port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    async with await asyncio.start_server(forward, "127.0.0.1", port):
        assert await running == (0, f"auth: was empty, is at {_newest('auth')}\n", "")


async def test_one_that_never_answers_is_given_up_without_its_password() -> None:
    url = f"postgresql+asyncpg://snowlight:hush@127.0.0.1:{free_port()}/auth"
    status, told, complaint = await _run({"auth": url}, "--wait", "0")
    assert (status, told) == (1, "")
    assert complaint == "snowlight: database.unavailable: the database of auth has not answered for 0 s\n"


async def test_one_that_refuses_is_not_waited_for(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("nowhere").replace("postgres@", "postgres:hush@")
    status, _, complaint = await _run({"auth": url}, "--wait", "600")
    assert status == 1
    assert complaint == (
        'snowlight: database.refused: the database of auth refuses: database "nowhere" does not exist\n'
    )


@pytest.mark.parametrize(
    "url", ["hush", "mysql://u:hush@localhost/auth", "postgresql+asyncpg://u:hush@localhost:hush/auth"]
)
async def test_what_is_no_url_of_a_database_is_said_without_repeating_it(url: str) -> None:
    status, _, complaint = await _run({"auth": url})
    assert status == 1
    assert complaint.startswith("snowlight: config.database_url: ")
    assert "hush" not in complaint


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'auth.db'}"
    await bring_up_to_date("auth", url, wait_seconds=0)
    with sqlite3.connect(tmp_path / "auth.db") as connection:
        connection.execute("UPDATE alembic_version_auth SET version_num = '9999'")
    status, _, complaint = await _run({"auth": url})
    assert status == 1
    assert complaint == (
        "snowlight: database.newer: the database of auth is at 9999, of a newer Snowlight than this, "
        f"which knows {_newest('auth')}\n"
    )


def _newest(service: str) -> str:
    return newest_revision(ROOT / "services" / service / "migrations")


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        target.write(chunk)
        await target.drain()
    target.close()


async def _run(urls: Mapping[str, str], *arguments: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "migrate", *arguments),
        cwd=ROOT,
        env={**inherited, **{f"SNOWLIGHT_{name.upper()}_DATABASE_URL": url for name, url in urls.items()}},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complaint = await child.communicate()
    return child.returncode, told.decode(), complaint.decode()


@pytest.fixture(params=["sqlite", "postgres"])
async def database_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """URLs of empty databases by service, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return {name: f"sqlite+aiosqlite:///{tmp_path / name}.db" for name in SERVICES}
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return {name: server.url(await server.create_database()) for name in SERVICES}
