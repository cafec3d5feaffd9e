"""deploy/compose.yaml: settings that exist, secrets without defaults, services that run by what it tells."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from simulator.ports import free_port
from tests.parts.minio import MinioServer
from tests.parts.part import ROOT
from tests.parts.postgres import PostgresServer
from tests.parts.snowlight import SERVICES, Process
from tests.unit.settings.test_documented import SETTINGS

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_every_setting_it_names_exists() -> None:
    known = {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in SETTINGS
        for name in settings.model_fields
    }
    for container in CONTAINERS.values():
        named = {name for name in container["environment"] if name.startswith("SNOWLIGHT_")}
        assert named <= known


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_pinned_and_may_do_little(name: str) -> None:
    container = CONTAINERS[name]
    assert re.search(r"@\$\{\w+_DIGEST:\?\}$|^\$\{SNOWLIGHT_IMAGE:\?", container["image"])
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in container["security_opt"]
    assert not container.get("privileged")


def test_what_is_configured_comes_from_a_file_that_is_there() -> None:
    # Compose writes `content` into the container, and refuses to where its root is read-only.
    assert [set(config) for config in COMPOSE["configs"].values()] == [{"file"}]
    (databases,) = [ROOT / "deploy" / config["file"] for config in COMPOSE["configs"].values()]
    made = set(re.findall(r"CREATE DATABASE (\w+);", databases.read_text()))
    told = {str(value) for container in CONTAINERS.values() for value in container["environment"].values()}
    assert made == {url.rpartition("/")[2] for url in told if url.startswith("postgresql+")}


def test_no_secret_has_a_default() -> None:
    secrets = r"\$\{(\w*(?:KEY|PASSWORD|USER)\w*)(:\?)?[^}]*\}"
    found = re.findall(secrets, (ROOT / "deploy" / "compose.yaml").read_text())
    assert found
    assert [name for name, required in found if not required] == []


def test_every_secret_is_made(secrets: Mapping[str, str]) -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required - set(secrets) == {"SNOWLIGHT_IMAGE", "POSTGRES_DIGEST", "MINIO_DIGEST"}
    assert all(len(value) >= 16 for value in secrets.values())


async def test_its_services_run_by_what_it_tells_them(
    secrets: Mapping[str, str], postgres_server: PostgresServer, minio_server: MinioServer, tmp_path: Path
) -> None:
    told = {
        **secrets,
        "MINIO_USER": minio_server.access_key,
        "MINIO_PASSWORD": minio_server.secret_key,
    }
    places = {f"{host}:{port}": f"127.0.0.1:{free_port()}" for host, port in _SERVED.items()}
    places |= {f"0.0.0.0:{port}": places[f"{host}:{port}"] for host, port in _SERVED.items()}
    places |= {
        "minio:9000": minio_server.endpoint.removeprefix("http://"),
        "postgres:5432": f"127.0.0.1:{postgres_server.port}",
        "//snowlight:": "//postgres:",  # the server of the tests has this user alone
    }
    for database in ("auth", "storage", "ingest"):
        here = places["postgres:5432"]
        places[f"{here}/{database}"] = f"{here}/{await postgres_server.create_database()}"
    environments = {name: _environment(name, told, places) for name in ("migrate", *SERVICES)}

    migrate = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *CONTAINERS["migrate"]["command"]),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environments["migrate"]},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await migrate.communicate()
    assert (migrate.returncode, printed.count(b"was empty")) == (0, 3)
    running = [
        Process(CONTAINERS[name]["command"][0], environments[name], tmp_path / name) for name in SERVICES
    ]
    try:
        for process in running:
            process.start()
        for process in running:
            await process.wait_ready()
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://{places['gateway:8080']}/v1/openapi.json") as answer,
        ):
            assert answer.status == 200
    finally:
        for process in reversed(running):
            assert await process.stop() == 0


_SERVED = {"auth": 7001, "ingest": 7002, "storage": 7003, "gateway": 8080}


def _environment(name: str, told: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """A container's environment with `told` put in as compose does, and its hosts where they are here."""
    values = {}
    for key, value in CONTAINERS[name]["environment"].items():
        filled = re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda m: told.get(m[1], m[2] or ""), value)
        for place, here in places.items():
            filled = filled.replace(place, here)
        values[key] = filled
    return values


@pytest.fixture(scope="session")
def secrets() -> Mapping[str, str]:
    """What the script prints, by name."""
    printed = subprocess.run(
        [sys.executable, ROOT / "deploy" / "trial_secrets.py"], capture_output=True, text=True, check=True
    ).stdout
    return dict(line.split("=", 1) for line in printed.splitlines())
