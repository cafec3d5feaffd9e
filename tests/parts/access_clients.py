"""Platforms at the door for public-security systems: the examples of `clients/`, each built once and kept."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.parts.java import find_java
from tests.parts.part import CACHE, ROOT, machine_lock, run

CLIENTS = ROOT / "clients"
PROTOS = ROOT / "proto"
BUILD_TIMEOUT_S = 1200
_KEPT = CACHE / "access-clients"


@dataclass(frozen=True)
class JavaClients:
    """The commands of the examples in Java."""

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
    return JavaClients((*jar, str(built / "verify/target/verify.jar")))


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
