"""Glass to glass on loopback: `python -m bench latency`.

A simulated camera burns the time of each picture into it. Three viewers decode what they are given and read
that clock: one of the wall's WebSocket, one of low-latency HLS, one of plain HLS, each playing where the
protocol has it play. The gateway has core 1; camera, the other services and the viewers share core 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

from bench.pictures import Picture, Pictures, percentiles
from bench.processes import running
from bench.servers import BEHIND_CORE, gateway, get

WARM_UP_S = 20.0
_PART = re.compile(r'#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"(,INDEPENDENT=YES)?')
_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:(\d+)")
_SEGMENT = re.compile(r"#EXTINF:([\d.]+),\n(\S+)")
_HOLD_BACK = re.compile(r"[:,]HOLD-BACK=([\d.]+)")
_PART_HOLD_BACK = re.compile(r"PART-HOLD-BACK=([\d.]+)")
_MAP = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')
_HEAD = struct.Struct(">IB")
_INIT, _FRAGMENT = 0, 1
_AT_ONCE = 8
"""Fragments that a socket may begin with: since the newest key frame."""
_JOINS_EVERY_S = 1.3
"""Of viewers of plain HLS: no multiple of a segment, so that they come at all its moments."""


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench latency", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="of each viewer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        source = stack.enter_context(camera(folder))
        program = stack.enter_context(gateway(folder, [source]))
        (playlist,) = program.media_playlists[source]
        get(playlist)
        time.sleep(WARM_UP_S)  # until the playlist is as long as it gets
        asyncio.run(_measure(playlist, options.seconds))


async def _measure(playlist: str, seconds: float) -> None:
    async with aiohttp.ClientSession() as http:
        viewer = Viewer(http, playlist)
        hold_back_s = float(_HOLD_BACK.search(await viewer.text(playlist))[1])  # type: ignore[index]
        rows = (
            ("WebSocket", 1.0, await viewer.socket(seconds)),
            ("LL-HLS", 2.0, await viewer.low_latency(seconds)),
            ("HLS", hold_back_s + 4, await viewer.plain(seconds)),
        )
    print(f"{'':<12}{'p50 s':>8}{'p95 s':>8}{'bound s':>9}{'samples':>9}")
    for name, bound, found in rows:
        middle, late = percentiles(found)
        print(f"{name:<12}{middle:>8.2f}{late:>8.2f}{bound:>9.1f}{len(found):>9}")


class Viewer:
    """Watches one camera by the ticket in its live playlist's URL. All times are seconds from a picture's
    burnt-in instant to when it was decoded at the place in the stream where a player plays."""

    def __init__(self, http: aiohttp.ClientSession, playlist: str) -> None:
        self._http = http
        self._playlist = playlist

    async def socket(self, seconds: float) -> list[float]:
        """Of each fragment's first picture: a player that is so far behind shows every fragment in time."""
        address = urlsplit(self._playlist)
        ticket = address.path.split("/")[2]
        found: list[float] = []
        async with self._http.ws_connect(f"ws://{address.netloc}/ws", max_msg_size=0) as socket:
            await socket.send_str(json.dumps({"op": "watch", "id": 1, "ticket": ticket}))
            pictures, end = Pictures(b""), time.monotonic() + seconds
            while time.monotonic() < end:
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    continue
                _, kind = _HEAD.unpack_from(message.data)
                body = message.data[_HEAD.size :]
                if kind == _INIT:
                    pictures = Pictures(body)
                elif kind == _FRAGMENT:
                    first = pictures.decode(body)[0]
                    found.append(time.time() - first.instant)
        return found[_AT_ONCE:]

    async def low_latency(self, seconds: float) -> list[float]:
        """At each part, of the picture `PART-HOLD-BACK` before its end: where players keep themselves, by
        playing faster or slower, when they ask for the playlist that has the next part."""
        text = await self.text(self._playlist)
        pictures = Pictures(await self._body(_MAP.findall(text)[-1]))
        seen: list[Picture] = []
        loaded: set[str] = set()
        found: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            parts = _PART.findall(text)
            if not loaded:  # from the newest key frame on
                key = max(number for number, (_, _, independent) in enumerate(parts) if independent)
                loaded.update(name for _, name, _ in parts[:key])
            for _, name, _ in parts:
                if name not in loaded:
                    loaded.add(name)
                    seen += pictures.decode(await self._body(name))
            hold_back_s = float(_PART_HOLD_BACK.search(text)[1])  # type: ignore[index]
            step_s = seen[-1].at_s - seen[-2].at_s
            shown = [one for one in seen if one.at_s <= seen[-1].at_s + step_s - hold_back_s]
            if shown:
                found.append(time.time() - shown[-1].instant)
                seen = seen[seen.index(shown[-1]) :]
            text = await self.text(f"{self._playlist}?{_next_part(text)}")
        return found

    async def plain(self, seconds: float) -> list[float]:
        """Of the picture `HOLD-BACK` before the playlist's end, for viewers who begin one after the other and
        do not know low latency: from there on a player goes on without a break."""
        found: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(_JOINS_EVERY_S)
            text = await self.text(self._playlist)
            back_s = float(_HOLD_BACK.search(text)[1])  # type: ignore[index]
            segments = _SEGMENT.findall(text)
            while back_s > float(segments[-1][0]):
                back_s -= float(segments.pop()[0])
            length, name = segments[-1]
            pictures = Pictures(await self._body(_MAP.findall(text)[-1])).decode(await self._body(name))
            end_s = pictures[0].at_s + float(length)
            shown = [one for one in pictures if one.at_s <= end_s - back_s] or pictures[:1]
            found.append(time.time() - shown[-1].instant)
        return found

    async def text(self, url: str) -> str:
        """A playlist."""
        return (await self._body(url)).decode()

    async def _body(self, url: str) -> bytes:
        async with self._http.get(urljoin(self._playlist, url)) as answer:
            answer.raise_for_status()
            return await answer.read()


@contextmanager
def camera(folder: Path) -> Iterator[str]:
    """A simulated camera with a clock in its pictures; its URL."""
    described, cache = folder / "camera.json", Path(".cache/village").absolute()
    command = [sys.executable, "-m", "simulator", "--port", "0", "--cameras", "1", "--cache", str(cache)]
    environment = {"PYTHONPATH": str(Path.cwd())}
    log = folder / "camera.log"
    with running([*command, "--json", str(described)], core=BEHIND_CORE, log=log, env=environment):
        while not described.exists():
            time.sleep(0.2)
        yield str(json.loads(described.read_text())["cameras"][0]["url"])


def _next_part(playlist: str) -> str:
    """The query for a playlist that has one part more (RFC 8216bis section 6.2.5.2)."""
    sequence = int(_SEQUENCE.search(playlist)[1])  # type: ignore[index]
    whole = playlist.count("#EXTINF")
    coming = playlist[playlist.rfind("#EXTINF") :].count("#EXT-X-PART:")
    return f"_HLS_msn={sequence + whole}&_HLS_part={coming}"


if __name__ == "__main__":
    main()
