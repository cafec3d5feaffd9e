"""`python -m simulator`: a village of cameras in the foreground, until SIGINT or SIGTERM."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from simulator.village import serve_village
from simulator.whole_file import replacing


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8554, help="0 lets the system choose (%(default)s)")
    parser.add_argument("--cameras", type=int, default=6, metavar="N", help="(%(default)s)")
    parser.add_argument(
        "--county", default="", metavar="CODE", help="only cameras of this county, say 421381"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path.home() / ".cache" / "snowlight-village",
        help="folder that keeps the encoded minutes, about 4 MB a camera (%(default)s)",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the description here, once listening"
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serve_village(
        arguments.cameras, arguments.cache, county=arguments.county, host=arguments.host, port=arguments.port
    ) as village:
        description = json.dumps(village.description(), ensure_ascii=False, indent=1)
        if arguments.json is None:
            print(description, flush=True)
        else:
            with replacing(arguments.json) as partial:
                partial.write_text(description, encoding="utf-8")
        encoded = asyncio.create_task(village.server.encoded())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((encoded, stopped), return_when=asyncio.FIRST_COMPLETED)
            if encoded.done():
                encoded.result()
                await stopped
        finally:
            encoded.cancel()
            stopped.cancel()


if __name__ == "__main__":
    uvloop.run(_run(_arguments()))
