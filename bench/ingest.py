"""Cameras per core and memory per camera: `make bench`, `make bench ARGS="--cameras 200 --seconds 120"`.

One sender process on core 0 plays the same 2 Mb/s 1080p25 stream to every camera over RTSP/TCP. The program
under test has core 1 to itself and records to a local folder; with `--store minio` Snowlight's objects go to
a MinIO on core 0. CPU is the operating system's account of the program, all threads and the kernel's work in
its name included, after a warm-up that is longer than a minute, so that opening, sealing, storing and
committing files are all in it. `--cold` measures a start instead.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from bench.build import Build
from bench.cold import measure_cold
from bench.processes import usage
from bench.recorder import SENDER_CORE, TESTED_CORE, Recorder, place_recorder
from bench.result import HEADER, Result, measure
from bench.sender import running_sender
from simulator.ports import free_port
from tests.parts.minio import find_minio, run_minio

# Fifty copies of ffmpeg cost what one costs fifty times; more would only fill the memory.
MAX_FFMPEG = 50


@dataclass(frozen=True)
class Wish:
    """What to measure."""

    cameras: int
    seconds: float
    warm_up_s: float
    audio: bool


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench.ingest", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument(
        "--seconds",
        type=float,
        default=120.0,
        help="measured, after the warm-up; whole minutes, so that each camera's objects are stored as often "
        "as they are filled",
    )
    parser.add_argument(
        "--warm-up", type=float, default=75.0, help="seconds; under 60 no file is stored in it"
    )
    parser.add_argument("--only", choices=("snowlight", "ffmpeg", "mediamtx"), help="leave the others out")
    parser.add_argument(
        "--store", choices=("folder", "minio"), default="folder", help="where Snowlight's objects go"
    )
    parser.add_argument("--audio", action="store_true", help="cameras send G.711 as well")
    parser.add_argument(
        "--cold", action="store_true", help="measure Snowlight's start with all cameras registered"
    )
    parser.add_argument("--kbps", type=int, default=2000, help="of each camera")
    Build.add_arguments(parser)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {SENDER_CORE})  # MinIO inherits it
    wish = Wish(arguments.cameras, arguments.seconds, arguments.warm_up, arguments.audio)
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        minio = stack.enter_context(run_minio(find_minio())) if arguments.store == "minio" else None
        recorder = place_recorder(folder, minio, Build.of(arguments))
        port = free_port()
        stack.enter_context(running_sender(port, folder, audio=wish.audio, kbps=arguments.kbps))
        if arguments.cold:
            print(measure_cold(recorder, port, wish.cameras, wish.seconds, audio=wish.audio))
            return
        programs = _programs(recorder, folder, port, wish)
        results = [run() for name, run in programs.items() if arguments.only in (None, name)]
    print(HEADER)
    for result in results:
        print(result.row(results[0]))
    for result in results:
        if result.idle_mb:
            print(
                f"{result.name}: {result.idle_mb:.1f} MB before its first camera, "
                f"{result.marginal_mb:.2f} MB more for each"
            )


def _programs(recorder: Recorder, folder: Path, port: int, wish: Wish) -> dict[str, Callable[[], Result]]:
    """What can be measured here; says which peer is missing."""
    programs: dict[str, Callable[[], Result]] = {"snowlight": lambda: measure_snowlight(recorder, port, wish)}
    if wish.audio:
        print("ffmpeg cannot copy G.711 into MP4: left out")
    elif shutil.which("ffmpeg"):
        programs["ffmpeg"] = lambda: peers.measure_ffmpeg(
            folder,
            port,
            min(wish.cameras, MAX_FFMPEG),
            wish.seconds,
            core=TESTED_CORE,
            warm_up_s=wish.warm_up_s,
        )
    else:
        print("no ffmpeg on PATH: left out")
    if os.environ.get("MEDIAMTX_BIN"):
        programs["mediamtx"] = lambda: peers.measure_mediamtx(
            folder, port, wish.cameras, wish.seconds, core=TESTED_CORE, warm_up_s=wish.warm_up_s
        )
    else:
        print("MEDIAMTX_BIN is not set: MediaMTX left out")
    return programs


def measure_snowlight(recorder: Recorder, port: int, wish: Wish) -> Result:
    """Ingest, recording as it does in production."""
    with recorder.running_storage(), recorder.running_ingest() as ingest:
        idle_mb = usage([ingest.pid]).resident_mb
        urls = [f"rtsp://127.0.0.1:{port}/c{number}" for number in range(wish.cameras)]
        asyncio.run(recorder.register(urls, audio=wish.audio))
        time.sleep(wish.warm_up_s)
        return measure(
            "Snowlight ingest", [ingest.pid], wish.cameras, wish.seconds, recorder.footage, idle_mb=idle_mb
        )


if __name__ == "__main__":
    main()
