"""Processes under measurement: pinned to a core, accounted for by the operating system."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CORES = os.cpu_count() or 1
_STOP_TIMEOUT_S = 30


@dataclass(frozen=True)
class Usage:
    """What a set of processes has used so far."""

    cpu_s: float
    """User and system time of all threads, seconds."""
    resident_mb: float
    """Proportional set size, 10^6 bytes: shared pages are counted once however many processes map them."""


def usage(pids: Sequence[int]) -> Usage:
    """The sum over `pids`, from /proc/PID/stat (proc(5): utime, stime) and smaps_rollup."""
    resident = 0.0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                resident += int(line.split()[1]) * 1024 / 1e6
    return Usage(cpu_s(pids), resident)


def cpu_s(pids: Sequence[int]) -> float:
    """User and system time of all threads of `pids` so far, seconds."""
    return sum(int(ticks) for pid in pids for ticks in _stat(pid)[11:13]) / _TICKS


def children_cpu_s(pid: int) -> float:
    """Of its children that have ended, and of theirs (cutime, cstime), seconds."""
    return sum(map(int, _stat(pid)[13:15])) / _TICKS


def resident_set_mb(pids: Sequence[int]) -> float:
    """The sum of their resident sets, 10^6 bytes: also of a browser, whose maps nobody may read."""
    return sum(int(_stat(pid)[21]) for pid in pids) * _PAGE / 1e6


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from its third field on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def running(
    command: Sequence[str], *, core: int | None, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` on `core` alone, None for all, its output in `log`, and stop it at the end."""
    cores = f"0-{_CORES - 1}" if core is None else str(core)
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["taskset", "-c", cores, *command],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,  # some leave files where they are started
            env={**os.environ, **(env or {})},
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(
    address: str, timeout_s: float = 30, process: "subprocess.Popen[bytes] | None" = None
) -> None:
    """Return once something listens there. Raises TimeoutError, RuntimeError when `process` ended."""
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the process for {address} ended with {process.returncode}")
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {address}")
