"""Snowlight itself, run as an operator would: environment, signals, exit codes."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from simulator.ports import free_port
from tests.parts.part import ROOT

SERVICES = ("auth", "storage", "ingest", "gateway")
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


class Process:
    """`snowlight COMMAND`, which can be stopped, killed and started again."""

    def __init__(self, command: str, environment: Mapping[str, str], data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.command = command
        self.log = data_dir / f"{command}.log"
        self._admin = f"127.0.0.1:{free_port()}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
        self._environment = {
            **inherited,
            "SNOWLIGHT_DATA_DIR": str(data_dir),
            "SNOWLIGHT_ADMIN_LISTEN": self._admin,
            **environment,
        }
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def admin_url(self) -> str:
        """Where /healthz, /readyz and /metrics are."""
        return f"http://{self._admin}"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def tell(self, settings: Mapping[str, str]) -> None:
        """Further settings, from its next start on."""
        self._environment |= settings

    def start(self) -> None:
        """Start it, and do not wait. Its log goes on where it was."""
        assert self._child is None
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "services", self.command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def wait_ready(self) -> None:
        """Return once it is ready. Raises AssertionError with the end of its log otherwise."""
        assert self._child is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        waiting_for = "its admin port"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            while time.monotonic() < deadline and self._child.poll() is None:
                try:
                    async with http.get(f"{self.admin_url}/readyz") as response:
                        if response.status == 200:
                            return
                        waiting_for = (await response.json())["waiting_for"]
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.1)
        tail = self.log.read_text(errors="replace")[-3000:]
        raise AssertionError(f"{self.command} waits for {waiting_for}, exit {self._child.poll()}:\n{tail}")

    async def stop(self) -> int:
        """SIGTERM. Returns the exit status."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL: no time for anything."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        if self._child is None:
            return 0
        child, self._child = self._child, None
        child.send_signal(number)
        try:
            return await asyncio.to_thread(child.wait, STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            raise


@dataclass(frozen=True)
class Snowlight:
    """A cluster of one process or of four."""

    url: str
    """The gateway's root."""
    addresses: Mapping[str, str]
    """HOST:PORT of gRPC: auth, ingest, storage."""
    data_dir: Path
    environment: dict[str, str]
    """What all of its processes are told alike."""
    processes: dict[str, Process] = field(default_factory=dict)
    """By command: "all", or each of SERVICES."""

    def tell(self, settings: Mapping[str, str]) -> None:
        """Further settings for all of its processes, from the next start of each on."""
        self.environment.update(settings)
        for process in self.processes.values():
            process.tell(settings)

    async def start(self) -> None:
        """Start every process, and wait until all are ready."""
        for process in self.processes.values():
            process.start()
        for process in self.processes.values():
            await process.wait_ready()

    async def stop(self) -> None:
        """Stop every process, the ones that others call last."""
        for process in reversed(self.processes.values()):
            await process.stop()

    async def administer(self, *arguments: str | Path) -> str:
        """`snowlight admin ARGUMENTS`. Returns what it prints; raises AssertionError when it fails."""
        environment = {**os.environ, **self.environment, "SNOWLIGHT_DATA_DIR": str(self.data_dir)}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", "admin", *map(str, arguments)),
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        assert child.returncode == 0, output.decode()
        return output.decode()

    async def add_operator(self, username: str, *, scope: str, line: str, role: str) -> str:
        """Create somebody who can sign in, in a region that exists. Returns the password."""
        password = secrets.token_urlsafe(12)
        file = self.data_dir / f"{username}.password"
        file.write_text(password)
        await self.administer(
            *("create-operator", "--username", username, "--scope", scope),
            *("--line", line, "--role", role, "--password-file", file),
        )
        return password


@asynccontextmanager
async def run_embedded(data_dir: Path, settings: Mapping[str, str]) -> AsyncIterator[Snowlight]:
    """`snowlight all` on SQLite and a folder, ready, while the context is open."""
    snowlight = _describe(data_dir, settings)
    environment = {
        **snowlight.environment,
        "SNOWLIGHT_GATEWAY_LISTEN": snowlight.url.removeprefix("http://"),
    }
    snowlight.processes["all"] = Process("all", environment, data_dir)
    async with _running(snowlight):
        yield snowlight


@asynccontextmanager
async def run_separate(
    data_dir: Path,
    databases: Mapping[str, str],
    settings: Mapping[str, str],
    own_settings: Mapping[str, Mapping[str, str]] | None = None,
) -> AsyncIterator[Snowlight]:
    """Each service as its own process, with its own folder and database, while the context is open.

    `databases` are URLs by service, `own_settings` what a service alone is told.
    """
    key = {"SNOWLIGHT_CLUSTER_KEY": secrets.token_urlsafe(32)}
    snowlight = _describe(data_dir, {**key, **settings})
    listens = {**snowlight.addresses, "gateway": snowlight.url.removeprefix("http://")}
    for service in SERVICES:
        prefix = f"SNOWLIGHT_{service.upper()}"
        own = {f"{prefix}_LISTEN": listens[service]}
        if service in databases:
            own[f"{prefix}_DATABASE_URL"] = databases[service]
        environment = {**snowlight.environment, **own, **(own_settings or {}).get(service, {})}
        snowlight.processes[service] = Process(service, environment, data_dir / service)
    async with _running(snowlight):
        yield snowlight


def _describe(data_dir: Path, settings: Mapping[str, str]) -> Snowlight:
    data_dir.mkdir(parents=True, exist_ok=True)
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ("auth", "ingest", "storage")}
    environment = {
        "SNOWLIGHT_LOG_LEVEL": "info",
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8",
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": address for name, address in addresses.items()},
        **settings,
    }
    return Snowlight(f"http://127.0.0.1:{free_port()}", addresses, data_dir, environment)


@asynccontextmanager
async def _running(snowlight: Snowlight) -> AsyncIterator[None]:
    try:
        await snowlight.start()
        yield
    finally:
        await snowlight.stop()
