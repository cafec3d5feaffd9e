"""Ingest under measurement, and its real storage service, which keeps its books on the sender's core."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.account import Account, accounts_of
from bench.processes import running, wait_for_port
from bench.registration import register_cameras
from simulator.ports import free_port
from tests.parts.minio import MinioServer

SENDER_CORE, TESTED_CORE = 0, 1
_PATIENCE_S = 120.0
KEY = "a key for the length of one benchmark"


@dataclass(frozen=True)
class Recorder:
    """Where the two are, and what they are told."""

    folder: Path
    ingest: str
    storage: str
    admin: str
    """Of ingest, HOST:PORT."""
    footage: Path
    """Whose files are the footage that was stored."""
    environment: Mapping[str, str]

    async def register(self, urls: Sequence[str], *, audio: bool) -> list[str]:
        """One enabled camera for each; their uids."""
        return await register_cameras(self.ingest, KEY, urls, audio=audio)

    async def accounts(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[Account]:
        """What storage says of each camera's time, ms since 1970 UTC."""
        return await accounts_of(self.storage, KEY, uids, start_ms, end_ms)

    @contextmanager
    def running_storage(self) -> Iterator[None]:
        """It listens inside."""
        with self._running("storage", SENDER_CORE, {"SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0"}):
            wait_for_port(self.storage, _PATIENCE_S)
            yield

    @contextmanager
    def running_ingest(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """It listens inside."""
        environment = {f"SNOWLIGHT_INGEST_{name.upper()}": value for name, value in settings.items()}
        environment["SNOWLIGHT_ADMIN_LISTEN"] = self.admin
        with self._running("ingest", TESTED_CORE, environment) as process:
            wait_for_port(self.ingest, _PATIENCE_S, process)
            yield process

    @contextmanager
    def _running(
        self, service: str, core: int, environment: Mapping[str, str]
    ) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "services", service]
        log = self.folder / "snowlight.log"
        with running(command, core=core, log=log, env={**self.environment, **environment}) as process:
            yield process


def place_recorder(folder: Path, minio: MinioServer | None, wheel: Path | None = None) -> Recorder:
    """Free ports, and a data folder in `folder`. Footage goes there too, or to a new bucket of `minio`.

    `wheel`: what is measured, in place of the working copy.
    """
    ingest, storage, admin = (f"127.0.0.1:{free_port()}" for _ in range(3))
    data = folder / "snowlight"
    environment = {
        "SNOWLIGHT_DATA_DIR": str(data),
        "SNOWLIGHT_CLUSTER_KEY": KEY,
        "SNOWLIGHT_LOG_LEVEL": "warning",
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8",
        "SNOWLIGHT_AUTH_ADDRESS": f"127.0.0.1:{free_port()}",
        "SNOWLIGHT_INGEST_ADDRESS": ingest,
        "SNOWLIGHT_INGEST_LISTEN": ingest,
        "SNOWLIGHT_STORAGE_ADDRESS": storage,
        "SNOWLIGHT_STORAGE_LISTEN": storage,
    }
    first = folder / "first"  # on Python's path
    first.mkdir()
    (first / "rich.py").write_text("raise ImportError")  # a developer's: structlog loads it where it is
    environment["PYTHONPATH"] = str(first)
    if wheel is not None:
        zipfile.ZipFile(wheel).extractall(first)
    if minio is None:
        return Recorder(folder, ingest, storage, admin, data / "footage", environment)
    environment |= minio.environment(minio.create_bucket())
    return Recorder(folder, ingest, storage, admin, minio.folder / "data", environment)
