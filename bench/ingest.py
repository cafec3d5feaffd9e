"""Cameras per core and memory per camera: `make bench`, `make bench ARGS="--cameras 200 --seconds 120"`.

One sender process on core 0 plays the same 2 Mb/s 1080p25 stream to every camera over RTSP/TCP. The program
under test has core 1 to itself and records to a local folder. CPU is the operating system's account of the
program, all threads and the kernel's work in its name included, after a warm-up that is longer than a minute,
so that opening, sealing, storing and committing files are all in it.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import peers
from bench.processes import running
from bench.registration import register_cameras
from bench.result import HEADER, Result, measure
from simulator.ports import free_port

SENDER_CORE, TESTED_CORE = 0, 1
WARM_UP_S = 75.0
# Fifty copies of ffmpeg cost what one costs fifty times; more would only fill the memory.
MAX_FFMPEG = 50


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench.ingest", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=90.0, help="measured, after the warm-up")
    parser.add_argument("--only", choices=("snowlight", "ffmpeg", "mediamtx"), help="leave the others out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        port = free_port()
        stack.enter_context(_sender(port, folder))
        results = [
            run(folder, port, arguments.cameras, arguments.seconds)
            for name, run in _programs().items()
            if arguments.only in (None, name)
        ]
    print(HEADER)
    for result in results:
        print(result.row(results[0]))


def _programs() -> dict[str, Callable[[Path, int, int, float], Result]]:
    """What can be measured here; says which peer is missing."""
    programs: dict[str, Callable[[Path, int, int, float], Result]] = {"snowlight": measure_snowlight}
    if shutil.which("ffmpeg"):
        programs["ffmpeg"] = lambda folder, port, cameras, seconds: peers.measure_ffmpeg(
            folder, port, min(cameras, MAX_FFMPEG), seconds, core=TESTED_CORE, warm_up_s=WARM_UP_S
        )
    else:
        print("no ffmpeg on PATH: left out")
    if os.environ.get("MEDIAMTX_BIN"):
        programs["mediamtx"] = lambda folder, port, cameras, seconds: peers.measure_mediamtx(
            folder, port, cameras, seconds, core=TESTED_CORE, warm_up_s=WARM_UP_S
        )
    else:
        print("MEDIAMTX_BIN is not set: MediaMTX left out")
    return programs


def measure_snowlight(folder: Path, port: int, cameras: int, seconds: float) -> Result:
    """Ingest with its real storage service, which keeps its books on the sender's core."""
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ("auth", "ingest", "storage")}
    data = folder / "snowlight"
    env = {
        "SNOWLIGHT_DATA_DIR": str(data),
        "SNOWLIGHT_CLUSTER_KEY": "a key for the length of one benchmark",
        "SNOWLIGHT_LOG_LEVEL": "warning",
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8",
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": address for name, address in addresses.items()},
        **{f"SNOWLIGHT_{name.upper()}_LISTEN": address for name, address in addresses.items()},
    }
    log = folder / "snowlight.log"
    python = [sys.executable, "-m", "services"]
    with (
        running([*python, "storage"], core=SENDER_CORE, log=log, env=env),
        running([*python, "ingest"], core=TESTED_CORE, log=log, env=env) as ingest,
    ):
        wait_for_port(addresses["ingest"])
        urls = [f"rtsp://127.0.0.1:{port}/c{number}" for number in range(cameras)]
        asyncio.run(register_cameras(addresses["ingest"], env["SNOWLIGHT_CLUSTER_KEY"], urls))
        time.sleep(WARM_UP_S)
        return measure("Snowlight ingest", [ingest.pid], cameras, seconds, data / "footage")


@contextmanager
def _sender(port: int, folder: Path) -> Iterator[None]:
    """The stream's sender on its core, ready when it listens."""
    loop = Path(".cache/bench/2mbit-1080p25.mp4").absolute()
    loop.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "simulator.bench_sender", "--port", str(port), "--loop", str(loop)]
    with running(command, core=SENDER_CORE, log=folder / "sender.log") as sender:
        wait_for_port(f"127.0.0.1:{port}", timeout_s=300, process=sender)
        yield


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


if __name__ == "__main__":
    main()
