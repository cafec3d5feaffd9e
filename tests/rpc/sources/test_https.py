"""HTTPS: the server is known by the name in the URL, whatever address it is reached at."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from services.ingest.sources.network import SourceNetwork, trusting
from tests.rpc.sources.authority import Authority
from tests.rpc.sources.clips import make_clip
from tests.rpc.sources.playing import LOOPBACK, failure, playing

NAME = "camera.test"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("https")
    make_clip(folder / "clip.m3u8", "hls")
    return folder


@asynccontextmanager
async def serving(media: Path, tls: ssl.SSLContext) -> AsyncIterator[int]:
    application = web.Application()
    application.router.add_static("/", media)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def network(tls: ssl.SSLContext) -> SourceNetwork:
    async def look_up(host: str, port: int) -> Sequence[str]:
        assert host == NAME
        return ["127.0.0.1"]

    return SourceNetwork(LOOPBACK.allowed, look_up, tls)


async def test_hls_plays_from_a_server_that_proves_its_name(authority: Authority, media: Path) -> None:
    asked: list[str | None] = []
    tls = authority.server(NAME)
    tls.sni_callback = lambda connection, name, context: asked.append(name)
    async with (
        serving(media, tls) as port,
        playing(f"https://{NAME}:{port}/clip.m3u8", network=network(trusting(authority.path))) as camera,
    ):
        await camera.task
        assert len(camera.sink.video) == 25
    assert set(asked) == {NAME}
    assert len(asked) >= 2  # the playlist, and what it names


async def test_an_address_may_be_proved_as_well(authority: Authority, media: Path) -> None:
    here = SourceNetwork(LOOPBACK.allowed, tls=trusting(authority.path))
    async with (
        serving(media, authority.server("127.0.0.1")) as port,
        playing(f"https://127.0.0.1:{port}/clip.m3u8", network=here) as camera,
    ):
        await camera.task
        assert len(camera.sink.video) == 25


async def test_a_server_of_another_name_is_not_believed(authority: Authority, media: Path) -> None:
    async with serving(media, authority.server("other.test")) as port:
        url = f"https://admin:secret@{NAME}:{port}/clip.m3u8"
        error = await failure(url, network=network(trusting(authority.path)))
    assert error.code == "camera.certificate_untrusted"
    assert "secret" not in str(error)


async def test_an_authority_that_is_not_trusted_is_not_believed(authority: Authority, media: Path) -> None:
    async with serving(media, authority.server(NAME)) as port:
        error = await failure(f"https://{NAME}:{port}/clip.m3u8", network=network(trusting(None)))
    assert error.code == "camera.certificate_untrusted"


async def test_a_server_without_tls_is_told_apart(media: Path) -> None:
    application = web.Application()
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        error = await failure(f"https://127.0.0.1:{runner.addresses[0][1]}/clip.m3u8")
    finally:
        await runner.cleanup()
    assert error.code == "camera.protocol_error"
    assert "TLS" in error.detail
