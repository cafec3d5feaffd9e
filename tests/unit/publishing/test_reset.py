"""A camera that is gone before its connection is accepted leaves nothing behind."""

import asyncio
import gc
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from prometheus_client import CollectorRegistry

from services.ingest.publishing.doorway import Doorway
from services.ingest.publishing.metrics import PublishingMetrics
from services.ingest.publishing.rtmp.connection import RtmpConnection
from services.ingest.publishing.rtsp import RtspPublisher
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from tests.waiting import eventually

CAMERAS = 20
MOST_BYTES = 1 << 20
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset."""


def rtmp(doorway: Doorway) -> asyncio.BaseProtocol:
    return RtmpConnection(doorway, MOST_BYTES)


def rtsp(doorway: Doorway) -> asyncio.BaseProtocol:
    return RtspPublisher(doorway, ReadRounds(), MOST_BYTES).connection


async def serve_those_who_are_gone(listen: Callable[[Doorway], asyncio.BaseProtocol]) -> None:
    unexpected: list[dict[str, Any]] = []
    served = 0
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: unexpected.append(context))
    # nobody gets as far as to be admitted
    doorway = Doorway(None, lambda _work: None, PublishingMetrics(CollectorRegistry()))  # type: ignore[arg-type]

    def serve() -> asyncio.BaseProtocol:
        nonlocal served
        served += 1
        return listen(doorway)

    server = await loop.create_server(serve, "127.0.0.1", 0)
    before = descriptors()
    for _ in range(CAMERAS):
        with socket.create_connection(server.sockets[0].getsockname()) as camera:
            camera.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    async def let_go() -> bool:
        return served == CAMERAS and descriptors() == before

    await eventually(let_go)
    server.close()
    assert unexpected == []


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("listen", [rtmp, rtsp])
def test_a_connection_that_was_reset_before_it_was_accepted_is_let_go(
    listen: Callable[[Doorway], asyncio.BaseProtocol],
) -> None:
    gc.disable()  # or a collection might close what was forgotten
    try:
        uvloop.run(serve_those_who_are_gone(listen))
    finally:
        gc.enable()
