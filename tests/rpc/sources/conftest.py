import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

_SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("gstreamer_server.py")


@pytest.fixture
async def gstreamer() -> AsyncIterator[tuple[int, int]]:
    """Ports of GStreamer's RTSP server: open to all, and guarded by Digest."""
    if shutil.which(_SYSTEM_PYTHON) is None:
        pytest.skip("no system Python for GStreamer's RTSP server")
    server = await asyncio.create_subprocess_exec(
        _SYSTEM_PYTHON, str(_SERVER), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": ""}
    )
    assert server.stdout is not None
    try:
        line = await asyncio.wait_for(server.stdout.readline(), 20)
        if not line:
            pytest.skip("GStreamer's RTSP server (gir1.2-gst-rtsp-server-1.0) is not installed")
        public, guarded = (int(port) for port in line.split())
        yield public, guarded
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
