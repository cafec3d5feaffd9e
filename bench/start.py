"""How long a process takes to be of use: `python -m bench start`.

For each service, on SQLite and a folder that it has used before, beside its peers that run: the time and the
CPU of importing it, and those from the start of the process until /readyz answers 200. Its bytecode is there,
as in the image, also where Python is told to write none. `--python` is that of an environment of
requirements.lock: a developer's has more packages, and some load what they find.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.processes import cpu_s, running
from bench.servers import CLUSTER_KEY
from simulator.ports import free_port

SERVICES = ("auth", "storage", "ingest", "gateway")
_READY_S = 120.0
_LOOK_S = 0.02
_IMPORT = """
import sys, time
began = time.perf_counter(), time.process_time()
from services.loading import load
load(sys.argv[1])
sys.stderr.write(f"{time.perf_counter() - began[0]} {time.process_time() - began[1]}")
"""


@dataclass(frozen=True)
class Took:
    """Seconds."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Print the medians of several starts."""
    parser = argparse.ArgumentParser(prog="bench start", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="that runs them")
    options = parser.parse_args()
    times, python = options.times, str(Path(options.python).absolute())
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        folder = Path(scratch)
        environment = _environment(folder)
        print("| command | imports, s | CPU, s | ready, s | CPU, s |\n|---|---|---|---|---|")
        with ExitStack() as peers:
            processes = {service: peers.enter_context(ExitStack()) for service in SERVICES}
            starts = [
                processes[name].enter_context(_starting(python, name, folder, environment))
                for name in SERVICES
            ]
            for start in starts:
                start.wait_ready()
            for service, process in processes.items():
                took = []
                for _ in range(times):
                    process.close()
                    took.append(
                        process.enter_context(_starting(python, service, folder, environment)).wait_ready()
                    )
                _tell(service, _imported(python, service, folder, environment, times), took)
        took = []
        for _ in range(times):
            with _starting(python, "all", folder, environment) as start:
                took.append(start.wait_ready())
        _tell("all", _imported(python, "all", folder, environment, times), took)


def _imported(
    python: str, command: str, folder: Path, environment: Mapping[str, str], times: int
) -> list[Took]:
    module = "services.embedded" if command == "all" else f"services.{command}.__main__"
    log = folder / "import.log"
    took = []
    for _ in range(times):
        log.write_bytes(b"")
        with running([python, "-c", _IMPORT, module], core=None, log=log, env=environment) as process:
            if process.wait(_READY_S):
                raise RuntimeError(log.read_text())
        took.append(Took(*map(float, log.read_text().split())))
    return took


@dataclass(frozen=True)
class _Start:
    began: float
    process: subprocess.Popen[bytes]
    admin: str
    log: Path

    def wait_ready(self) -> Took:
        """What it took until now that it is ready. Raises TimeoutError."""
        while not _is_ready(self.admin):
            if time.monotonic() > self.began + _READY_S or self.process.poll() is not None:
                raise TimeoutError(self.log.read_text()[-2000:])
            time.sleep(_LOOK_S)
        return Took(time.monotonic() - self.began, cpu_s([self.process.pid]))


@contextmanager
def _starting(python: str, command: str, folder: Path, environment: Mapping[str, str]) -> Iterator[_Start]:
    """A process while the context is open, not ready yet."""
    admin, log = f"127.0.0.1:{free_port()}", folder / f"{command}.log"
    env = {**environment, "SNOWLIGHT_ADMIN_LISTEN": admin}
    began = time.monotonic()
    with running([python, "-m", "services", command], core=None, log=log, env=env) as process:
        yield _Start(began, process, admin, log)


def _is_ready(admin: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{admin}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _environment(folder: Path) -> dict[str, str]:
    addresses = {name: f"127.0.0.1:{free_port()}" for name in SERVICES}
    return {
        "SNOWLIGHT_DATA_DIR": str(folder / "snowlight"),
        "SNOWLIGHT_CLUSTER_KEY": CLUSTER_KEY,
        "SNOWLIGHT_LOG_LEVEL": "warning",
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",  # who starts first writes it
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": addresses[name] for name in SERVICES},
        **{f"SNOWLIGHT_{name.upper()}_LISTEN": addresses[name] for name in SERVICES},
    }


def _tell(command: str, imports: Sequence[Took], starts: Sequence[Took]) -> None:
    print(f"| {command} | {_medians(imports)} | {_medians(starts)} |", flush=True)


def _medians(all_took: Sequence[Took]) -> str:
    return f"{median(one.wall_s for one in all_took):.2f} | {median(one.cpu_s for one in all_took):.2f}"


if __name__ == "__main__":
    main()
