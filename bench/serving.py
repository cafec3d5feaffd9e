"""Requests a core answers: `python -m bench serving`, with MEDIAMTX_BIN for MediaMTX.

One camera of 2 Mb/s for segments of 500 KB, one of 0.7 Mb/s for parts of 45 KB and for playlists. The server
under test has core 1; `wrk` and the services behind the gateway share core 0. Requests are counted over the
CPU time that the operating system charges the server, so that neighbours cost less of the truth. Rounds go by
turns, and the median of each is told.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.press import Served, press
from bench.processes import running, wait_for_port
from bench.servers import BEHIND_CORE, Program, gateway, get, listed, mediamtx, nginx
from simulator.ports import free_port

KINDS = ("segment", "part", "playlist")
LARGE_KBPS, SMALL_KBPS = 2_000, 720
SIZES = {"segment": 500_000, "part": 45_000}


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench serving", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each round")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--only", choices=("snowlight", "mediamtx", "nginx"), help="leave the others out")
    options = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not on PATH: Debian's package {tool} has it")
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        large = stack.enter_context(sender(folder, LARGE_KBPS))
        small = stack.enter_context(sender(folder, SMALL_KBPS))
        programs = {}
        if options.only != "mediamtx":
            programs["snowlight"] = stack.enter_context(gateway(folder, [large, small]))
        if options.only in (None, "mediamtx") and os.environ.get("MEDIAMTX_BIN"):
            programs["mediamtx"] = stack.enter_context(mediamtx(folder, [large, small]))
        served: dict[tuple[str, str], list[Served]] = {}
        with nginx(folder, _bodies(next(iter(programs.values())), large, small)) as (pid, copies):
            for _ in range(options.rounds):
                for kind in KINDS:
                    for name, program in programs.items():
                        url = _url(program, kind, large, small)
                        served.setdefault((name, kind), []).append(_press(options, url, program.pids))
                    if options.only in (None, "nginx"):
                        served.setdefault(("nginx", kind), []).append(_press(options, copies[kind], [pid]))
    _print(served)


def _press(options: argparse.Namespace, url: str, pids: Sequence[int]) -> Served:
    return press(
        url,
        len(get(url)),
        pids,
        core=BEHIND_CORE,
        connections=options.connections,
        seconds=options.seconds,
    )


def _url(program: Program, kind: str, large: str, small: str) -> str:
    (playlist,) = program.media_playlists[large if kind == "segment" else small]
    return playlist if kind == "playlist" else listed(playlist, kind, SIZES[kind])


def _bodies(program: Program, large: str, small: str) -> dict[str, bytes]:
    return {kind: get(_url(program, kind, large, small)) for kind in KINDS}


def _print(served: dict[tuple[str, str], list[Served]]) -> None:
    print(f"{'':<10}{'program':<12}{'bytes':>10}{'requests/s per core':>22}{'ratio':>8}")
    for kind in KINDS:
        rates = {
            name: statistics.median(each.per_core for each in rounds)
            for (name, of), rounds in served.items()
            if of == kind
        }
        for name, rate in rates.items():
            size = statistics.median(each.size for each in served[name, kind])
            ratio = f"{rates['snowlight'] / rate:>8.2f}" if "snowlight" in rates else ""
            print(f"{kind:<10}{name:<12}{size:>10.0f}{rate:>22,.0f}{ratio}")


@contextmanager
def sender(folder: Path, kbps: int) -> Iterator[str]:
    """A camera of so many kilobits a second; its URL."""
    loop = Path(f".cache/bench/{kbps}kbit-1080p25.mp4").absolute()
    loop.parent.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "simulator.bench_sender", "--port", str(port), "--loop", str(loop)]
    environment = {"PYTHONPATH": str(Path.cwd())}
    with running(
        [*command, "--kbps", str(kbps)], core=BEHIND_CORE, log=folder / "sender.log", env=environment
    ) as sender:
        wait_for_port(f"127.0.0.1:{port}", timeout_s=300, process=sender)
        yield f"rtsp://127.0.0.1:{port}/bench"


if __name__ == "__main__":
    main()
