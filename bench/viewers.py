"""Many viewers of many cameras through one gateway: `python -m bench viewers`.

The gateway has core 1; the cameras, the services behind it and the viewers share core 0, which is then the
slower one: it is told how much of its time the gateway's core was idle.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.processes import usage
from bench.servers import BEHIND_CORE, Program, gateway
from bench.serving import sender

KBPS = 720
WARM_UP_S = 25.0


def main() -> None:
    """Run the benchmark and print what was seen."""
    parser = argparse.ArgumentParser(prog="bench viewers", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=50)
    parser.add_argument("--viewers", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        source = stack.enter_context(sender(folder, KBPS))
        cameras = [f"{source}{number}" for number in range(options.cameras)]
        program = stack.enter_context(
            gateway(folder, cameras, viewers=-(-options.viewers // options.cameras))
        )
        before = usage(program.pids)
        few = _watch(program, folder, options.cameras, 20.0)
        watched_mb = few["resident_mb"]
        many = _watch(program, folder, options.viewers, options.seconds)
    print(f"resident without viewers: {before.resident_mb:.0f} MB")
    print(
        f"a watched camera: {(watched_mb - before.resident_mb) / options.cameras:.2f} MB, its viewer included"
    )
    per_viewer = (many["resident_mb"] - watched_mb) / (options.viewers - options.cameras) * 1000
    print(f"another viewer: {per_viewer:.0f} KB")
    for name, value in many.items():
        print(f"{name}: {value:,.1f}")


def _watch(program: Program, folder: Path, viewers: int, seconds: float) -> dict[str, float]:
    """So many viewers for so long, each with a ticket of its own."""
    plan, pids = folder / "plan", program.pids
    urls = [url for urls in zip(*program.media_playlists.values(), strict=True) for url in urls]
    plan.write_text("\n".join(urls[:viewers]))
    command = ["taskset", "-c", str(BEHIND_CORE), sys.executable, "-m", "bench.viewing", str(plan)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdin is not None
        time.sleep(WARM_UP_S)
        watching.stdin.write("\n")
        watching.stdin.flush()
        before, started = usage(pids), time.monotonic()
        time.sleep(seconds)
        after, wall_s = usage(pids), time.monotonic() - started
        told, _ = watching.communicate("\n")
    seen: dict[str, float] = json.loads(told)
    return seen | {
        "resident_mb": after.resident_mb,
        "cpu_percent_of_a_core": 100 * (after.cpu_s - before.cpu_s) / wall_s,
    }


if __name__ == "__main__":
    main()
