"""`snowlight drain`, run as a pod's PreStop runs it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.drain import main
from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from simulator.ports import free_port
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.shards import SHARDS
from tests.parts.postgres import PostgresServer
from tests.rpc.ingest.cluster import Client, running_worker
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.village import GATE

LONG_S = "120"
PASSWORD = "hush-hush"


@dataclass(frozen=True)
class Ended:
    """What the command left behind."""

    status: int
    said: str


async def drain(url: str, *arguments: str) -> Ended:
    """`snowlight drain ARGUMENTS` in the environment of pod ingest-0."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "drain", *arguments),
        env={**inherited, **_settings(url)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate()
    assert child.returncode is not None
    return Ended(child.returncode, said.decode())


def pod(cluster: ClusterSettings, url: str, folder: Path, name: str) -> AbstractAsyncContextManager[Client]:
    """A running worker of a pod of its own."""
    return running_worker(cluster, url, folder, name, kubernetes=KubernetesSettings(pod=name))


async def test_a_pod_gives_all_away_and_uploads_it_and_a_second_time_is_at_once(
    cluster: ClusterSettings, postgres_url: str, village: CameraServer, tmp_path: Path
) -> None:
    async with pod(cluster, postgres_url, tmp_path, "ingest-0") as first:
        camera = await first.create("gate", village.url(GATE))
        await first.until_state(camera.name, camera_pb2.ONLINE)
        async with pod(cluster, postgres_url, tmp_path, "ingest-1") as second:
            assert await drain(postgres_url, "--wait", LONG_S) == Ended(0, "")
            async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
                rows, _ = await ShardRepository(database).owners()
            assert {row.owner for row in rows} == {"ingest-1"}
            assert list((tmp_path / "ingest-0").rglob("*.mp4")) == []
            await second.until_state(camera.name, camera_pb2.ONLINE)
            assert await drain(postgres_url, "--wait", LONG_S) == Ended(0, "")


async def test_what_nobody_else_can_take_is_left_and_told(
    cluster: ClusterSettings, postgres_url: str, tmp_path: Path
) -> None:
    async with pod(cluster, postgres_url, tmp_path, "ingest-0"):
        ended = await drain(postgres_url, "--wait", "2")
    assert ended == Ended(1, f"snowlight: {SHARDS} shards and 0 files are left\n")


async def test_a_worker_that_died_holds_it_up_until_another_has_its_shards(postgres_url: str) -> None:
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        await ShardRepository(database).join(Worker("ingest-0", "1", "", pod="ingest-0"))
    ended = await drain(postgres_url, "--wait", "2")
    assert (ended.status, ended.said.count("\n")) == (1, 1)
    assert f"{SHARDS} shards" in ended.said


async def test_a_pod_that_never_had_a_worker_has_drained(postgres_url: str) -> None:
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS):
        pass
    assert await drain(postgres_url, "--wait", LONG_S) == Ended(0, "")


async def test_a_database_that_no_ingest_has_used_is_told(postgres_url: str) -> None:
    ended = await drain(postgres_url, "--wait", LONG_S)
    assert ended.status == 1
    assert ended.said.startswith("snowlight: drain.no_ingest: ")


async def test_a_database_that_refuses_is_not_waited_for(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("nowhere").replace("postgres@", f"postgres:{PASSWORD}@")
    ended = await drain(url, "--wait", LONG_S)
    refusal = 'the database of ingest refuses: database "nowhere" does not exist'
    assert ended == Ended(1, f"snowlight: database.refused: {refusal}\n")


async def test_a_database_that_is_away_is_waited_for_no_longer_than_told() -> None:
    url = f"postgresql+asyncpg://ingest:{PASSWORD}@127.0.0.1:{free_port()}/ingest"
    ended = await drain(url, "--wait", "2")
    assert ended.status == 1
    assert ended.said.startswith("snowlight: database.unavailable: ") and ended.said.count("\n") == 1
    assert PASSWORD not in ended.said


async def test_a_database_that_never_answers_is_not_taken_for_one_in_which_all_is_done() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        ended = await drain(f"postgresql+asyncpg://ingest:{PASSWORD}@{host}:{port}/ingest", "--wait", "2")
    assert ended.status == 1
    assert ended.said == "snowlight: database.unavailable: the database has not answered in time\n"


@pytest.mark.parametrize("wait", ["-1", "0", "nan", "inf", "-inf", "soon", ""])
def test_a_time_that_is_none_is_refused_by_name(wait: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--wait", wait])
    assert ended.value.code == 2
    assert "--wait" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SNOWLIGHT_KUBERNETES_POD": None}, "SNOWLIGHT_KUBERNETES_POD"),
        ({"SNOWLIGHT_INGEST_DATABASE_URL": None}, "SNOWLIGHT_INGEST_DATABASE_URL"),
        ({"SNOWLIGHT_INGEST_DATABASE_URL": f"mysql://ingest:{PASSWORD}@db/ingest"}, "database"),
        ({"SNOWLIGHT_INGEST_WEIGHT": "heavy"}, "weight"),
    ],
)
def test_settings_that_are_wrong_are_named(
    changed: Mapping[str, str | None],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**_settings("sqlite+aiosqlite:///never.db"), **changed}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert named in said and PASSWORD not in said


def _settings(url: str) -> dict[str, str]:
    """What pod ingest-0 is told, of which a drain needs to know."""
    return {"SNOWLIGHT_INGEST_DATABASE_URL": url, "SNOWLIGHT_KUBERNETES_POD": "ingest-0"}
