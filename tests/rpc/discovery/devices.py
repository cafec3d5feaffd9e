"""ONVIF devices for a test, on loopback addresses of their own."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from services.ingest.discovery.search import SearchSettings
from simulator.onvif.device import OnvifDevice, Profile, Services, serve_device
from simulator.rtsp.authentication import Credentials

SECRET = Credentials("admin", "se<cret&")
HASTY = SearchSettings(wait_s=1.5, device_s=2.0, per_second=500)
PROFILES = (
    Profile("small", "H264", 640, 360, "small"),
    Profile("still", "JPEG", 3840, 2160, "still"),
    Profile("large", "H264", 1920, 1080, "large"),
)


def hosts(count: int) -> list[str]:
    """Loopback addresses of a network of their own, where each can have the discovery port to itself."""
    network = f"127.{random.randrange(1, 250)}.{random.randrange(1, 250)}"
    return [f"{network}.{number}" for number in range(1, count + 1)]


def device(host: str, **changes: object) -> OnvifDevice:
    return replace(
        OnvifDevice(host, "村口 1", PROFILES, location="石桥村", credentials=SECRET),
        **changes,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def on_air(devices: Sequence[OnvifDevice]) -> AsyncIterator[list[Services]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serve_device(each)) for each in devices]
