"""What comes to a gRPC port and is no gRPC: its connection is closed, and nobody else notices."""

import asyncio
import random
from contextlib import suppress

import pytest

from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime
from tests.bad_input.cameras import GOOD
from tests.bad_input.http2 import DATA, HEADERS, PREFACE, SETTINGS, frame, opening
from tests.bad_input.town import Town
from tests.parts.callers import permitted_channel

pytestmark = pytest.mark.asyncio(loop_scope="package")

NOISE = random.Random(5).randbytes(1 << 20)


@pytest.mark.parametrize(
    "garbage",
    (
        NOISE,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE[:512],
        PREFACE + NOISE,
        PREFACE + b"\xff\xff\xff" + bytes([DATA, 0]) + bytes(4) + NOISE,
        PREFACE + frame(SETTINGS, 0, 0, b"\x00\x05\x00\x00\x00\x01"),
        opening(acknowledge=True) + frame(HEADERS, 4, 0, NOISE[:64]),
        opening(acknowledge=True) + frame(DATA, 0, 7, NOISE[:64]) + frame(SETTINGS, 0, 3),
    ),
    ids=(
        "noise",
        "HTTP/1.1",
        "TLS",
        "noise after the preface",
        "a frame of 16 MB",
        "settings out of range",
        "headers of no stream",
        "settings of a stream",
    ),
)
async def test_it_is_closed_and_nobody_else_notices(town: Town, garbage: bytes) -> None:
    runtime = build_runtime("admin", ClusterSettings(data_dir=town.snowlight.data_dir))
    for service, address in town.snowlight.addresses.items():
        assert await is_closed_on(address, garbage), service
    async with permitted_channel(runtime, town.snowlight.addresses["ingest"]) as channel:
        registry: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(channel)
        camera = await registry.GetCamera(camera_pb2.GetCameraRequest(name=f"cameras/{GOOD[0]}"), timeout=10)
    assert camera.uid
    assert (await town.admin.camera(GOOD[0]))["state"] == "ONLINE"
    assert "Traceback" not in town.log


async def is_closed_on(address: str, garbage: bytes) -> bool:
    """Whether the other side closes the connection that sends it `garbage`."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        with suppress(ConnectionError):
            writer.write(garbage)
            await writer.drain()
        try:
            async with asyncio.timeout(20):
                while await reader.read(65_536):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True
    finally:
        writer.close()
