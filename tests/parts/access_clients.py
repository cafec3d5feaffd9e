"""Platforms at the door for public-security systems: the examples of `clients/`, each built once and kept."""

import asyncio
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.go import find_go
from tests.parts.java import find_java
from tests.parts.part import CACHE, ROOT, machine_lock, run

CLIENTS = ROOT / "clients"
PROTOS = ROOT / "proto"
BUILD_TIMEOUT_S = 1200
_KEPT = CACHE / "access-clients"
_BUF = Path(sys.executable).parent / "buf"


@dataclass(frozen=True)
class Ran:
    """What a program did."""

    status: int
    output: str
    errors: str


async def run_program(command: Sequence[str | Path], timeout_s: float = 60) -> Ran:
    """Run it to its end. Raises TimeoutError."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), timeout_s)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Ran(process.returncode or 0, output.decode(), errors.decode())


class Running:
    """A program whose lines are read as it writes them, its errors among them."""

    def __init__(self, output: asyncio.StreamReader) -> None:
        self._output = output
        self.lines: list[str] = []
        """So far."""

    async def says(self, pattern: str, timeout_s: float = 60) -> str:
        """The next line that matches. Raises TimeoutError, or AssertionError where the program ends first."""
        async with asyncio.timeout(timeout_s):
            while told := (await self._output.readline()).decode():
                self.lines.append(told.removesuffix("\n"))
                if re.search(pattern, self.lines[-1]):
                    return self.lines[-1]
        raise AssertionError(self.lines)


@asynccontextmanager
async def running_program(command: Sequence[str | Path]) -> AsyncIterator[Running]:
    """It runs while the context is open."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        yield Running(process.stdout)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def python_client() -> tuple[str, ...]:
    """The command of the example in Python."""
    return sys.executable, str(CLIENTS / "python/example.py")


def find_go_client() -> tuple[str, ...]:
    """The command of the example in Go. Raises PartMissingError."""
    go = find_go()
    sources = CLIENTS / "go"
    built = _KEPT / f"go-{_digest(sources)}"
    with machine_lock("access-client-go"):
        if not built.exists():
            with tempfile.TemporaryDirectory(prefix="snowlight-client-") as folder:
                copy = Path(folder) / "go"
                shutil.copytree(sources, copy, ignore=shutil.ignore_patterns("gen"))
                path = f"{go.parent}{os.pathsep}{os.environ['PATH']}"
                environment = {**os.environ, "PATH": path, "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0"}
                run(_BUF, "generate", PROTOS, folder=copy, env=environment, timeout_s=BUILD_TIMEOUT_S)
                made = copy / "client"
                run(
                    *(go, "build", "-ldflags=-s -w", "-o", made, "."),
                    folder=copy,
                    env=environment,
                    timeout_s=BUILD_TIMEOUT_S,
                )
                _keep(made, built)
    return (str(built),)


@dataclass(frozen=True)
class JavaClients:
    """The commands of the examples in Java."""

    client: tuple[str, ...]
    verify: tuple[str, ...]


def find_java_clients() -> JavaClients:
    """Raises PartMissingError."""
    java = find_java()
    sources = CLIENTS / "java"
    built = _KEPT / f"java-{_digest(sources)}"
    with machine_lock("access-client-java"):
        if not built.exists():
            with tempfile.TemporaryDirectory(prefix="snowlight-client-") as folder:
                copy = Path(folder) / "java"
                shutil.copytree(sources, copy, ignore=shutil.ignore_patterns("target"))
                command = (java.maven, "-q", "-B", "package", f"-Dprotos={PROTOS}")
                run(*command, folder=copy, timeout_s=BUILD_TIMEOUT_S)
                _keep(copy, built)
    # it runs once and for seconds: compiling it well would take longer than that
    jar = (str(java.java), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar")
    return JavaClients(
        (*jar, str(built / "client/target/client.jar")), (*jar, str(built / "verify/target/verify.jar"))
    )


def _digest(sources: Path) -> str:
    """Of what the program is made of."""
    digest = hashlib.sha256()
    made = {"gen", "target"}
    for folder in (sources, PROTOS / "snowlight/api/access"):
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            if not made & set(file.relative_to(folder).parts):
                digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _keep(made: Path, built: Path) -> None:
    built.parent.mkdir(parents=True, exist_ok=True)
    partial = built.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    if made.is_dir():
        shutil.copytree(made, partial)
    else:
        shutil.copy(made, partial)
    partial.rename(built)
