"""What is loaded for the first camera of H.265."""

import subprocess
import sys

_EXPECTED = """
import asyncio, sys
from services.ingest.media.init_section import load_writer

async def expect(codec):
    loading = asyncio.create_task(load_writer(codec))
    turns = 0
    while not loading.done():
        turns += 1
        await asyncio.sleep(0.001)
    await loading
    print("av" in sys.modules, turns > 5)

for codec in None, "h264", "h265", "h265":
    asyncio.run(expect(codec))
"""


def test_libav_is_loaded_for_h265_while_the_loop_goes_on() -> None:
    command = [sys.executable, "-c", _EXPECTED]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == ["False False", "False False", "True True", "True False"]
