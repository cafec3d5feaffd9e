"""Requests of one URL over kept connections, and what they cost the server."""

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.processes import usage

_PATIENCE = "30s"
_REQUESTS = re.compile(r"(\d+) requests in")


@dataclass(frozen=True)
class Served:
    """What one server did for one URL."""

    size: int
    """Bytes of a body."""
    requests: int
    wall_s: float
    cpu_s: float

    @property
    def per_core(self) -> float:
        """Requests a second that would fill one core at this cost."""
        return self.requests / self.cpu_s


def press(
    url: str,
    size: int,
    pids: Sequence[int],
    *,
    core: int,
    connections: int,
    seconds: int,
    headers: Sequence[str] = (),
) -> Served:
    """Ask for `url` as fast as it is answered, by `wrk` on `core`; `pids` are the server's processes.

    Raises RuntimeError when an answer was not 2xx or did not come.
    """
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}"]
    command += ["--timeout", _PATIENCE, *(part for header in headers for part in ("-H", header)), url]
    before, started = usage(pids), time.monotonic()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall_s, cpu_s = time.monotonic() - started, usage(pids).cpu_s - before.cpu_s
    requests = _REQUESTS.search(told)
    if requests is None or "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"not every request was answered:\n{told}")
    return Served(size, int(requests[1]), wall_s, cpu_s)
