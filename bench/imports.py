"""A city's cameras from a file, through the gateway: `python -m bench imports`.

All four services and their SQLite databases on two cores. The cameras are off, so that nothing but their
registration is measured.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from bench.processes import usage
from bench.servers import Cluster, cluster, sign_in
from snowlight.api.auth.v1 import auth_pb2

LINES = 30_000
_READY_S = 60.0
_KEPT_SHARE = 3
"""An import is broken off after one line in so many is done."""
_LINE = b'{"line":'
_HEAD = "camera_id,display_name,region,source_url,ownership,enabled,dossier.maker"


def main() -> None:
    """Import a file: broken off, whole, again, with other names. Print how long each took and who worked."""
    parser = argparse.ArgumentParser(prog="bench imports", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=LINES)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch,
        cluster(Path(scratch), auth_pb2.ADMIN) as services,
    ):
        token = _token(services.root)
        file = _file(options.lines, "gate")
        kept = _break_off(services, token, file, options.lines // _KEPT_SHARE)
        print(f"broken off after {kept:,} lines")
        _measure("created", services, token, file, "")
        _measure("unchanged", services, token, file, "")
        _measure("updated", services, token, _file(options.lines, "door"), "?update=true")


def _break_off(services: Cluster, token: str, body: bytes, lines: int) -> int:
    """Begin an import and hang up when so many lines are done; how many were told by then."""
    told, seen = 0, b""
    with urllib.request.urlopen(_request(services, token, body, ""), timeout=3600) as answer:
        while told < lines and (piece := answer.read1(1 << 16)):
            seen = seen[-len(_LINE) + 1 :] + piece
            told += seen.count(_LINE)
    return told


def _measure(what: str, services: Cluster, token: str, body: bytes, query: str) -> None:
    before = {name: usage([pid]).cpu_s for name, pid in services.pids.items()}
    started = time.monotonic()
    with urllib.request.urlopen(_request(services, token, body, query), timeout=3600) as answer:
        report = json.loads(answer.read())
    took_s = time.monotonic() - started
    codes = Counter(error["code"] for line in report["lines"] for error in line["errors"])
    print(f"{what} {report[what]:,} in {took_s:.1f} s: {report[what] / took_s:.0f} a second {dict(codes)}")
    for name, pid in services.pids.items():
        used = usage([pid])
        print(f"  {name}: {used.cpu_s - before[name]:.1f} s of CPU, {used.resident_mb:.0f} MB")


def _request(services: Cluster, token: str, body: bytes, query: str) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    return urllib.request.Request(f"{services.root}/v1/cameras:import{query}", body, headers)


def _file(lines: int, name: str) -> bytes:
    rows = (
        f"bench-{number},{name} {number},421381,rtsp://u:p{number}@10.0.0.1/{number},PUBLIC,false,Hikvision"
        for number in range(lines)
    )
    return "\n".join([_HEAD, *rows]).encode()


def _token(root: str) -> str:
    """An access token, asked for until the gateway is ready."""
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            return sign_in(root)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    main()
