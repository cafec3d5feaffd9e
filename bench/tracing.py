"""What spans cost a gateway: `python -m bench tracing`.

Three gateways, each with services of its own behind it, are asked for the same by turns: one without tracing,
one that samples a tenth of all requests, one that samples all. A collector takes what they send. A playlist
is answered from memory, a camera by the way of all other requests, and a timeline by calls to two services. A
gateway has core 1; `wrk`, the collector and all else share core 0. Told is the CPU time that the operating
system charges the gateway, over the requests of all rounds.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.press import Served, press
from bench.processes import running, wait_for_port
from bench.servers import BEHIND_CORE, serving_site, sign_in
from bench.serving import sender
from simulator.ports import free_port

_KBPS = 500
_WINDOW = "start=2026-01-01T00:00:00Z&end=2026-01-01T01:00:00Z"
_UNLIMITED = {"SNOWLIGHT_GATEWAY_RATE_QUOTA": "1000000000"}


@dataclass(frozen=True)
class Traced:
    """A gateway and what it is asked for."""

    pids: Sequence[int]
    urls: Mapping[str, str]
    """By what is asked for."""
    token: str
    """For what needs no ticket."""


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench tracing", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        camera = stack.enter_context(sender(folder, _KBPS))
        endpoint = {"SNOWLIGHT_TRACING_ENDPOINT": stack.enter_context(_collector(folder))}
        ways = {
            "off": {},
            "a tenth": {**endpoint, "SNOWLIGHT_TRACING_SAMPLE_RATIO": "0.1"},
            "all": {**endpoint, "SNOWLIGHT_TRACING_SAMPLE_RATIO": "1"},
        }
        gateways = {
            name: stack.enter_context(_gateway(folder / str(number), camera, {**_UNLIMITED, **settings}))
            for number, (name, settings) in enumerate(ways.items())
        }
        served: dict[tuple[str, str], list[Served]] = {}
        for _ in range(options.rounds):
            for name, gateway in gateways.items():
                for kind, url in gateway.urls.items():
                    served.setdefault((kind, name), []).append(_press(gateway, url, options.seconds))
    print(f"{'microseconds a request':<24}" + "".join(f"{name:>12}" for name in ways))
    for kind in dict.fromkeys(kind for kind, _ in served):
        costs = [_cost_us(served[kind, name]) for name in ways]
        print(f"{kind:<24}" + "".join(f"{cost:>12.1f}" for cost in costs))


def _press(gateway: Traced, url: str, seconds: int) -> Served:
    headers = [] if "/hls/" in url else [f"Authorization: Bearer {gateway.token}"]
    return press(url, 0, gateway.pids, core=BEHIND_CORE, connections=8, seconds=seconds, headers=headers)


def _cost_us(rounds: Sequence[Served]) -> float:
    """CPU of a request; nan where none was answered in time."""
    requests = sum(each.requests for each in rounds)
    return 1e6 * sum(each.cpu_s for each in rounds) / requests if requests else math.nan


@contextmanager
def _gateway(folder: Path, source: str, settings: Mapping[str, str]) -> Iterator[Traced]:
    folder.mkdir()
    with serving_site(folder, [source], settings) as (site, program):
        (playlist,) = program.media_playlists[source]
        camera = f"{site.root}/v1/cameras/bench-0"
        urls = {"playlist": playlist, "camera": camera, "timeline": f"{camera}/timeline?{_WINDOW}"}
        yield Traced(program.pids, urls, sign_in(site.root))


@contextmanager
def _collector(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "bench.collector", "--port", str(port)]
    environment = {"PYTHONPATH": str(Path.cwd())}
    with running(command, core=BEHIND_CORE, log=folder / "collector.log", env=environment) as process:
        wait_for_port(f"127.0.0.1:{port}", 60, process)
        yield f"127.0.0.1:{port}"


if __name__ == "__main__":
    main()
