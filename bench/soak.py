"""A long run in short: cameras whose connection ends each minute, and what grows in ingest meanwhile.

`python -m bench soak --cameras 200 --minutes 10`. One sender process on core 0 closes each camera's
connection once a minute, one after the other; ingest, alone on core 1, connects again and records to a local
folder or to MinIO. Each ten seconds ingest's memory (proportional set size), file descriptors, threads, tasks
of its event loop and files in its spool are counted, after a warm-up in which the allocator and all caches
find their size. At the end storage is asked for each camera's time: all of it has to be footage or a gap with
its cause. Exits 1 where it is not.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.account import Account
from bench.build import Build
from bench.processes import usage
from bench.recorder import SENDER_CORE, Recorder, place_recorder
from bench.scrape import online, scrape
from bench.sender import camera_urls, running_sender
from bench.steadiness import slope_of
from simulator.ports import free_port
from tests.parts.minio import find_minio, run_minio

_LOOK_S = 10.0
_CONNECTION_S = 60.0
_STORED_S = 180.0
"""After so long everything is in storage's books."""
_KBPS = 300
"""Of a camera: reconnects are what is measured, and the footage of all has to find room."""


@dataclass(frozen=True)
class Look:
    """At ingest, `at_s` seconds after the first one."""

    at_s: float
    memory_mb: float
    files: int
    threads: int
    tasks: int
    spooled: int
    """Files in the spool."""
    disconnects: int


def main() -> None:
    """Run it and print what grew."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0, help="measured, after the warm-up")
    parser.add_argument("--warm-up", type=float, default=150.0, help="seconds")
    parser.add_argument("--store", choices=("folder", "minio"), default="folder", help="where objects go")
    Build.add_arguments(parser)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {SENDER_CORE})  # MinIO inherits it
    with tempfile.TemporaryDirectory(prefix="snowlight-soak-") as scratch, ExitStack() as stack:
        folder, port = Path(scratch), free_port()
        minio = stack.enter_context(run_minio(find_minio())) if arguments.store == "minio" else None
        recorder = place_recorder(folder, minio, Build.of(arguments))
        stack.enter_context(running_sender(port, folder, kbps=_KBPS, cut_each_s=_CONNECTION_S))
        stack.enter_context(recorder.running_storage())
        ingest = stack.enter_context(recorder.running_ingest())
        uids = asyncio.run(recorder.register(camera_urls(port, arguments.cameras), audio=False))
        time.sleep(arguments.warm_up)
        start_ms = time.time_ns() // 1_000_000
        looks = _watch(recorder, ingest.pid, 60 * arguments.minutes)
        end_ms = time.time_ns() // 1_000_000
        accounts = _settled(recorder, uids, start_ms, end_ms)
    print(_grown(looks, arguments.cameras))
    print(_told(accounts))
    if any(account.unexplained_ms for account in accounts):
        sys.exit("time is neither recorded nor in a gap with a cause")


def _watch(recorder: Recorder, pid: int, seconds: float) -> list[Look]:
    """A look each ten seconds."""
    looks: list[Look] = []
    began = time.monotonic()
    while (at_s := time.monotonic() - began) <= seconds:
        looks.append(_look(recorder, pid, at_s))
        time.sleep(max(0.0, began + len(looks) * _LOOK_S - time.monotonic()))
    return looks


def _look(recorder: Recorder, pid: int, at_s: float) -> Look:
    process = Path(f"/proc/{pid}")
    samples = scrape(recorder.admin)
    look = Look(
        at_s,
        usage([pid]).resident_mb,
        sum(1 for _ in (process / "fd").iterdir()),
        sum(1 for _ in (process / "task").iterdir()),
        round(samples["snowlight_event_loop_tasks", ""]),
        round(samples["snowlight_spool_files", ""]),
        round(samples["snowlight_ingest_disconnects_total", ""]),
    )
    print(f"{look}, {online(samples):.0f} online", file=sys.stderr, flush=True)
    return look


def _settled(recorder: Recorder, uids: Sequence[str], start_ms: int, end_ms: int) -> list[Account]:
    """Storage's account, asked for until it explains everything or has had the time."""
    deadline = time.monotonic() + _STORED_S
    while True:
        accounts = asyncio.run(recorder.accounts(uids, start_ms, end_ms))
        if not any(account.unexplained_ms for account in accounts) or time.monotonic() > deadline:
            return accounts
        time.sleep(_LOOK_S)


def _grown(looks: Sequence[Look], cameras: int) -> str:
    slope = slope_of([(look.at_s / 3600, look.memory_mb) for look in looks])
    disconnects = looks[-1].disconnects - looks[0].disconnects
    lines = [
        f"{cameras} cameras, {looks[-1].at_s / 60:.1f} min, {disconnects} connections ended",
        f"memory: {looks[0].memory_mb:.1f} MB, then {looks[-1].memory_mb:.1f} MB; "
        f"{slope.value:+.1f} ± {slope.error:.1f} MB/h, "
        f"{1000 * slope.value * looks[-1].at_s / 3600 / max(1, disconnects):+.2f} KB a connection",
    ]
    for name in ("files", "threads", "tasks", "spooled"):
        counts = [getattr(look, name) for look in looks]
        grown = slope_of([(look.at_s / 60, float(count)) for look, count in zip(looks, counts, strict=True)])
        lines.append(
            f"{name}: {min(counts)} to {max(counts)}, {grown.value:+.2f} ± {grown.error:.2f} a minute"
        )
    return "\n".join(lines)


def _told(accounts: Sequence[Account]) -> str:
    asked = sum(account.asked_ms for account in accounts)
    causes = sum((account.gap_ms for account in accounts), Counter[str]())
    told = ", ".join(f"{cause} {100 * lasted / asked:.2f} %" for cause, lasted in causes.most_common())
    return (
        f"of all cameras' time: recorded {100 * sum(each.recorded_ms for each in accounts) / asked:.2f} %, "
        f"{sum(each.gaps for each in accounts)} gaps ({told or 'none'}), "
        f"unexplained {sum(each.unexplained_ms for each in accounts)} ms"
    )


if __name__ == "__main__":
    main()
