"""How long a process takes to be of use: `python -m bench start`.

For each service, on SQLite and a folder that it has used before, beside its peers that run: the time and the
CPU of importing it, and those from the start of the process until /readyz answers 200.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.processes import running, usage
from bench.servers import CLUSTER_KEY
from simulator.ports import free_port

SERVICES = ("auth", "storage", "ingest", "gateway")
_READY_S = 120.0
_LOOK_S = 0.02
_IMPORT = """
import sys, time, importlib
began = time.perf_counter(), time.process_time()
importlib.import_module(sys.argv[1])
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
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        environment = _environment(folder)
        print("| command | imports, s | CPU, s | ready, s | CPU, s |\n|---|---|---|---|---|")
        for command in (*SERVICES, "all"):
            if command == "all":
                stack.close()
            imports = [_imported(command, folder) for _ in range(times)]
            with _ready(command, folder, environment):
                pass  # makes the database
            starts = []
            for _ in range(times):
                with _ready(command, folder, environment) as took:
                    starts.append(took)
            if command in SERVICES:
                stack.enter_context(_ready(command, folder, environment))
            print(f"| {command} | {_medians(imports)} | {_medians(starts)} |", flush=True)


def _imported(command: str, folder: Path) -> Took:
    module = "services.embedded" if command == "all" else f"services.{command}.__main__"
    log = folder / "import.log"
    log.write_bytes(b"")
    env = {"PYTHONPATH": str(Path.cwd())}
    with running([sys.executable, "-c", _IMPORT, module], core=None, log=log, env=env) as process:
        if process.wait(_READY_S):
            raise RuntimeError(log.read_text())
    wall_s, cpu_s = map(float, log.read_text().split())
    return Took(wall_s, cpu_s)


@contextmanager
def _ready(command: str, folder: Path, environment: dict[str, str]) -> Iterator[Took]:
    """A process, ready while the context is open, and what that took. Raises TimeoutError."""
    admin = f"127.0.0.1:{free_port()}"
    env = {**environment, "SNOWLIGHT_ADMIN_LISTEN": admin}
    began = time.monotonic()
    arguments = [sys.executable, "-m", "services", command]
    with running(arguments, core=None, log=folder / f"{command}.log", env=env) as process:
        while not _is_ready(admin):
            if time.monotonic() > began + _READY_S or process.poll() is not None:
                raise TimeoutError((folder / f"{command}.log").read_text()[-2000:])
            time.sleep(_LOOK_S)
        yield Took(time.monotonic() - began, usage([process.pid]).cpu_s)


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
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": addresses[name] for name in SERVICES},
        **{f"SNOWLIGHT_{name.upper()}_LISTEN": addresses[name] for name in SERVICES},
    }


def _medians(all_took: list[Took]) -> str:
    return f"{median(one.wall_s for one in all_took):.2f} | {median(one.cpu_s for one in all_took):.2f}"


if __name__ == "__main__":
    main()
