"""The cameras of a benchmark: one process that plays a loop at every path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import running, wait_for_port
from bench.recorder import SENDER_CORE

SITES = 20


def camera_urls(port: int, cameras: int) -> list[str]:
    """Of cameras spread over the sites, each of which has its own pace of connections."""
    return [f"rtsp://127.0.{number % SITES + 1}.1:{port}/c{number}" for number in range(cameras)]


@contextmanager
def running_sender(
    port: int,
    folder: Path,
    *,
    audio: bool = False,
    live: bool = False,
    kbps: int = 2000,
    cut_each_s: float = 0,
) -> Iterator[None]:
    """On its core, at every address of this machine, ready when it listens.

    `live`: all clients of a path see the same pictures. `cut_each_s`: how old a connection becomes, 0 for as
    it likes.
    """
    loop = Path(f".cache/bench/{kbps}kbit-1080p25.mp4").absolute()
    loop.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "simulator.bench_sender", "--host", "0.0.0.0"]
    command += ["--port", str(port), "--loop", str(loop), "--kbps", str(kbps)]
    command += ["--cut-each", str(cut_each_s), *(["--audio"] if audio else [])]
    command += ["--live"] if live else []
    with running(command, core=SENDER_CORE, log=folder / "sender.log") as sender:
        wait_for_port(f"127.0.0.1:{port}", timeout_s=300, process=sender)
        yield
