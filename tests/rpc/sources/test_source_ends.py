"""A source ends with its camera's goodbye, its sink's failure or its cancelling, alone."""

import asyncio

import pytest

from services.ingest.sources.source import SourceSettings
from tests.rpc.sources.playing import playing
from tests.rpc.sources.scripted import Client, scripted


async def test_a_sinks_failure_ends_its_source_and_no_other() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures()

    class BrokenError(Exception):
        pass

    def refuse(data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        raise BrokenError

    async with scripted(script) as (url, _), playing(url) as healthy, playing(url) as broken:
        broken.sink.on_video = refuse  # type: ignore[method-assign]
        with pytest.raises(BrokenError):
            await asyncio.wait_for(asyncio.shield(broken.task), 10)
        count = len(healthy.sink.video)
        await healthy.pictures(count + 5)


async def test_goodbye_ends_the_source_without_an_error() -> None:
    async def script(client: Client) -> None:
        await client.until_playing()
        await client.pictures(3)
        client.send(b"$\x01\x00\x08\x81\xcb\x00\x01\x00\x00\x00\x07")
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url) as camera:
        await asyncio.wait_for(camera.task, 10)
        assert len(camera.sink.video) == 3


async def test_waiting_is_cut_short_by_cancelling() -> None:
    async def script(client: Client) -> None:
        await asyncio.sleep(60)

    async with scripted(script) as (url, _), playing(url, settings=SourceSettings()) as camera:
        await asyncio.sleep(0.05)
        camera.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(camera.task, 2)
