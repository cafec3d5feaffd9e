"""Simulated viewers of live pictures, as a process of its own: `python -m bench.viewing FILE`.

FILE has a line for each viewer, the URL of a live media playlist. Viewers have a connection each and do what
a low-latency player does (RFC 8216bis): ask for the next part's playlist, which the server holds until the
part is there, load the part, and so on. They play `PART-HOLD-BACK` behind the edge; what runs out before the
next part is there is a stall.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

_SEQUENCE = re.compile(rb"#EXT-X-MEDIA-SEQUENCE:(\d+)")
_HOLD_BACK = re.compile(rb"PART-HOLD-BACK=([\d.]+)")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_PART = re.compile(rb'#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"')
_SPREAD_S = 10.0
"""Viewers come over so long a time."""


@dataclass
class Told:
    """What all viewers together have seen."""

    parts: int = 0
    bytes: int = 0
    stalls: int = 0
    refused: int = 0
    late_ms: list[float] = field(default_factory=list)
    """How long each part's playlist and bytes came after they were due."""


async def main(playlists: Sequence[str]) -> None:
    """Watch until two lines were read, then tell what was seen between them, as JSON."""
    told = Told()
    watching = [asyncio.create_task(_watch(url, told)) for url in playlists]
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)  # the warm-up is over
    told.__init__()  # type: ignore[misc]
    await loop.run_in_executor(None, sys.stdin.readline)
    late = sorted(told.late_ms) or [0.0]
    print(
        json.dumps(
            {
                "viewers": sum(not task.done() for task in watching),
                "parts": told.parts,
                "megabytes": told.bytes / 1e6,
                "stalls": told.stalls,
                "refused": told.refused,
                "late_ms_median": late[len(late) // 2],
                "late_ms_p99": late[len(late) * 99 // 100],
            }
        ),
        flush=True,
    )


async def _watch(url: str, told: Told) -> None:
    await asyncio.sleep(random.uniform(0, _SPREAD_S))
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=1 << 22)
    base = address.path.rpartition("/")[0]

    async def get(target: str) -> bytes:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: bench\r\nUser-Agent: {id(writer)}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        if not head.startswith(b"HTTP/1.1 200"):
            told.refused += 1
            await asyncio.sleep(1)
            return b""
        return body

    playlist = await get(address.path)
    runs_out, loaded = 0.0, b""
    while True:
        segment, part = _next_part(playlist)
        asked = time.monotonic()
        playlist = await get(f"{address.path}?_HLS_msn={segment}&_HLS_part={part}")
        parts = _PART.findall(playlist)
        if not parts:
            playlist = playlist or await get(address.path)
            continue
        duration, name = parts[-1]
        if name == loaded:
            continue
        loaded = name
        body = await get(f"{base}/{name.decode()}")
        now = time.monotonic()
        told.parts += 1
        told.bytes += len(body)
        if runs_out == 0.0:
            hold_back = _HOLD_BACK.search(playlist)
            assert hold_back is not None
            runs_out = now + float(hold_back[1])
        else:
            told.late_ms.append(max(0.0, 1000 * (now - asked - float(duration))))
            if now > runs_out:
                told.stalls += 1
                runs_out = now
        runs_out += float(duration)


def _next_part(playlist: bytes) -> tuple[int, int]:
    """Media sequence number of the segment that is not whole, and how many parts of it are listed."""
    sequence = _SEQUENCE.search(playlist)
    whole = playlist.count(b"#EXTINF")
    coming = playlist[playlist.rfind(b"#EXTINF") :].count(b"#EXT-X-PART:")
    return int(sequence[1]) + whole if sequence else 0, coming


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]).read_text().splitlines()))
