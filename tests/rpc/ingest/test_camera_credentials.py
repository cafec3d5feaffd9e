"""A camera's credentials are told nowhere, lie sealed on disk, and stay with its host."""

from pathlib import Path

import pytest
from google.protobuf.message import Message

from services.ingest.sources.source import Credentials
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import PASSWORD, SOURCE, create, status, update


async def test_credentials_are_told_nowhere_and_lie_sealed_on_disk(
    registry: Registry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"rtsp://admin:{PASSWORD}@10.20.0.8:554/live/main"
    created = await create(registry, "gate-1", source_url=url, sub_source_url=url)
    assert created.source_url == created.sub_source_url == SOURCE
    changed = await update(registry, created.name, source_url=url, display_name="东门")
    listed = await registry.stub.ListCameras(camera_pb2.ListCamerasRequest())
    watch = registry.stub.WatchCameras(camera_pb2.WatchCamerasRequest())
    told = await anext(aiter(watch))
    watch.cancel()
    messages: list[Message] = [created, changed, listed, told, await status(registry, created.name)]
    for message in messages:
        assert PASSWORD not in str(message)
        assert PASSWORD.encode() not in message.SerializeToString()
    record = await registry.cameras.get(created.name)
    assert PASSWORD not in repr(record)
    assert registry.cameras.credentials(record) == Credentials("admin", PASSWORD)
    assert all(b"s3cret" not in content for content in _files(tmp_path))
    captured = capfd.readouterr()
    assert "s3cret" not in captured.out + captured.err


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://10.20.0.8/other", Credentials("admin", PASSWORD)),
        ("rtsp://10.20.0.8:554/live/main", Credentials("admin", PASSWORD)),
        ("rtsp://10.20.0.9:554/live/main", None),
        ("rtsp://10.20.0.8:8554/live/main", None),
        ("rtsp://@10.20.0.8:554/live/main", None),
        ("rtsp://viewer:p%40ss@10.20.0.8:554/live/main", Credentials("viewer", "p@ss")),
    ],
)
async def test_known_credentials_stay_with_their_host_and_port(
    registry: Registry, url: str, expected: Credentials | None
) -> None:
    created = await create(registry, "gate-1", source_url=f"rtsp://admin:{PASSWORD}@10.20.0.8:554/live/main")
    await update(registry, created.name, "source_url", source_url=url)
    assert registry.cameras.credentials(await registry.cameras.get(created.name)) == expected


async def test_an_update_of_other_fields_keeps_the_credentials(registry: Registry) -> None:
    created = await create(registry, "gate-1", source_url=f"rtsp://admin:{PASSWORD}@10.20.0.8:554/live/main")
    await update(registry, created.name, display_name="东门")
    record = await registry.cameras.get(created.name)
    assert registry.cameras.credentials(record) == Credentials("admin", PASSWORD)


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]
