"""The parts do what tests rely on."""

import asyncpg  # type: ignore[import-untyped]
import pytest

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


def test_a_skip_is_a_failure_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.parts.hooks"]')
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile('import pytest\ndef test_it():\n    pytest.skip("no such part")')
    monkeypatch.setenv("CI", "true")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(failed=1)
    monkeypatch.setenv("CI", "")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)
