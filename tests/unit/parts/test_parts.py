"""The parts do what tests rely on."""

import asyncio
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import av
import pytest
from playwright.async_api import Browser

from tests.parts.gstreamer import RtspServer, run_gstreamer
from tests.parts.minio import MinioServer


async def test_each_test_has_an_empty_database(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    tables = await connection.fetchval(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    )
    await connection.close()
    assert tables == 0


def test_each_test_has_an_empty_bucket(minio_server: MinioServer, minio_bucket: str) -> None:
    client = minio_server.client()
    assert client.bucket_exists(bucket_name=minio_bucket)
    assert list(client.list_objects(bucket_name=minio_bucket)) == []


@pytest.mark.parametrize(
    ("stream", "codecs"),
    [("h264-aac", ["h264", "aac"]), ("h265-pcma", ["hevc", "pcm_alaw"]), ("h264", ["h264"])],
)
async def test_the_rtsp_server_is_a_live_camera(
    gstreamer: RtspServer, stream: str, codecs: list[str]
) -> None:
    assert await asyncio.to_thread(codecs_of, gstreamer.url(stream)) == codecs


@pytest.mark.parametrize("auth", ["basic", "digest"])
async def test_the_rtsp_server_can_want_a_password(gstreamer_python: Path, auth: str) -> None:
    with run_gstreamer(gstreamer_python, user="admin", password="p@ss:word", auth=auth) as server:
        assert await asyncio.to_thread(codecs_of, server.url("h264")) == ["h264"]
        with pytest.raises(av.HTTPUnauthorizedError):
            await asyncio.to_thread(codecs_of, RtspServer(server.port).url("h264"))


async def test_the_browser_runs_scripts(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content("<script>document.title = 6 * 7</script>")
    assert await page.title() == "42"
    assert await page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f\"')")


def codecs_of(url: str) -> list[str]:
    """Codecs of the first packets of a source."""
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=20) as source:
        wanted = {stream.index for stream in source.streams}
        for packet in source.demux():
            wanted -= {packet.stream.index}
            if not wanted:
                break
        return [stream.codec_context.name for stream in source.streams]


def test_a_skip_is_a_failure_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.parts.hooks"]')
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile('import pytest\ndef test_it():\n    pytest.skip("no such part")')
    monkeypatch.setenv("CI", "true")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(failed=1)
    monkeypatch.setenv("CI", "")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)
