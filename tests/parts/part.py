"""How a part is found or made: once a machine, kept in `.cache/`, with a line that says what was done."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"


class PartMissingError(Exception):
    """A part cannot be had here; the message says why."""


@contextmanager
def machine_lock(name: str) -> Iterator[None]:
    """One process of this machine at a time makes the part `name`."""
    path = Path(tempfile.gettempdir()) / f"snowlight-parts-{os.getuid()}-{name}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wait_until(
    holds: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path, timeout_s: float = 60
) -> None:
    """Return once `holds`. Raises PartMissingError with the end of `log` when it never does."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise PartMissingError(f"{process.args!r} did not start: {log.read_text()[-800:]}")
        time.sleep(0.05)


@contextmanager
def listening(command: Sequence[str | Path], port: int, folder: Path) -> Iterator[None]:
    """A program that listens on `port` of 127.0.0.1 while the context is open, run and logging in `folder`.

    Raises PartMissingError when it does not start.
    """
    log = folder / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, cwd=folder) as process,
    ):
        try:
            wait_until(lambda: _answers(port), process, log, timeout_s=20)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(
    *command: str | Path,
    timeout_s: float = 900,
    env: dict[str, str] | None = None,
    folder: str | Path | None = None,
) -> None:
    """Run `command` in `folder` to its end. Raises PartMissingError with its last words when it fails."""
    try:
        subprocess.run(
            [str(word) for word in command],
            check=True,
            timeout=timeout_s,
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        raise PartMissingError(f"{command[0]} failed: {error.stdout.strip()[-400:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PartMissingError(f"{command[0]} failed: {error}") from error


def apt_install(packages: Sequence[str]) -> None:
    """Install Debian packages. Raises PartMissingError where that cannot be done."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise PartMissingError(f"needs root and apt-get to install {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = (apt, "install", "-y", "-q", "--no-install-recommends", *packages)
    with machine_lock("apt"):
        try:
            run(*install, env=env)
        except PartMissingError:  # perhaps the package lists are old, or were never there
            run(apt, "update", "-q", env=env)
            run(*install, env=env)


def debian_program(name: str, package: str = "") -> Path:
    """Where it is on PATH, once Debian's `package` (of the same name unless told) is installed if need be.

    Raises PartMissingError.
    """
    if shutil.which(name) is None:
        apt_install([package or name])
    found = shutil.which(name)
    if found is None:
        raise PartMissingError(f"{name} is not on PATH")
    return Path(found)


def apt_unpack(packages: Sequence[str], target: Path) -> None:
    """Unpack Debian packages into `target` without installing them, so none of their services starts.

    Raises PartMissingError where that cannot be done. What they depend on must be there.
    """
    apt = shutil.which("apt-get")
    if apt is None:
        raise PartMissingError(f"needs apt-get to fetch {' '.join(packages)}")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # apt-get leaves root's rights for a download, and must be able to write where it is told to
        Path(folder).chmod(0o777)
        fetch = (apt, "download", "-q", *packages)
        try:
            run(*fetch, folder=folder)
        except PartMissingError:  # perhaps the package lists are old, or were never there
            with machine_lock("apt"):
                run(apt, "update", "-q")
            run(*fetch, folder=folder)
        for package in Path(folder).glob("*.deb"):
            run("dpkg-deb", "-x", package, target)


def pypi_install(requirement: str, target: Path) -> None:
    """Unpack a PyPI package into `target`, which is none of Python's own folders."""
    uv = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    installer: tuple[str, ...] = (sys.executable, "-m", "pip", "install", "-q")
    if Path(uv).exists():
        installer = (uv, "pip", "install", "-q", "--python", sys.executable)
    run(*installer, "--no-deps", "--target", target, requirement)
