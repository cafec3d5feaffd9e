"""The registry of cameras, over gRPC."""

import asyncio
import math
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from services.ingest.sources.source import Credentials
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import AbortedError, AlreadyExistsError, InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry

PASSWORD = "s3cret-雪亮"
SOURCE = "rtsp://10.20.0.8:554/live/main"


def a_camera(**fields: Any) -> camera_pb2.Camera:
    values = {"display_name": "村口", "region": "regions/421381104213", "source_url": SOURCE, "enabled": True}
    return camera_pb2.Camera(**{**values, **fields})


async def create(registry: Registry, camera_id: str = "", **fields: Any) -> camera_pb2.Camera:
    with remote_errors("services/ingest"):
        return await registry.stub.CreateCamera(
            camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=a_camera(**fields))
        )


async def get(registry: Registry, name: str) -> camera_pb2.Camera:
    with remote_errors("services/ingest"):
        return await registry.stub.GetCamera(camera_pb2.GetCameraRequest(name=name))


async def update(registry: Registry, name: str, *paths: str, **fields: Any) -> camera_pb2.Camera:
    with remote_errors("services/ingest"):
        return await registry.stub.UpdateCamera(
            camera_pb2.UpdateCameraRequest(
                camera=camera_pb2.Camera(name=name, **fields), update_mask=FieldMask(paths=paths)
            )
        )


async def delete(registry: Registry, name: str, etag: str = "") -> None:
    with remote_errors("services/ingest"):
        await registry.stub.DeleteCamera(camera_pb2.DeleteCameraRequest(name=name, etag=etag))


async def test_a_camera_is_told_as_it_was_registered_with_defaults_filled_in(registry: Registry) -> None:
    created = await create(
        registry,
        "gate-1",
        ownership=camera_pb2.PUBLIC,
        location=camera_pb2.Location(latitude=31.61, longitude=113.82),
        dossier={"pole": "12", "installed": "2024-05"},
        schedule="mon-fri 08:00-18:00",
    )
    assert created.name == "cameras/gate-1"
    assert (created.camera_class, created.retention_days, created.audio) == (3, 0, False)
    assert created.state == camera_pb2.CONNECTING
    assert created.create_time.seconds > 1_700_000_000
    assert dict(created.dossier) == {"pole": "12", "installed": "2024-05"}
    assert await get(registry, "cameras/gate-1") == created


async def test_an_id_is_made_where_none_is_given_and_is_unique(registry: Registry) -> None:
    made = await create(registry)
    assert (await get(registry, made.name)).uid == made.uid
    await create(registry, "gate-1")
    with pytest.raises(AlreadyExistsError):
        await create(registry, "gate-1")


BAD_CAMERAS: list[tuple[str, dict[str, Any]]] = [
    ("region", {"region": ""}),
    ("region", {"region": "421381"}),
    ("region", {"region": "regions/4"}),
    ("region", {"region": "regions/42138a"}),
    ("region", {"region": "regions/421381/x"}),
    ("source_url", {"source_url": ""}),
    ("source_url", {"source_url": "not a url"}),
    ("source_url", {"source_url": "ftp://10.0.0.1/a"}),
    ("source_url", {"source_url": "subfile:///etc/passwd"}),
    ("source_url", {"source_url": "rtsp:///live"}),
    ("source_url", {"source_url": "rtsp://10.0.0.1:99999/live"}),
    ("source_url", {"source_url": "rtsp://[10.0.0.1/live"}),
    ("source_url", {"source_url": f"rtsp://admin:{PASSWORD}#1@10.0.0.1/live"}),
    ("source_url", {"source_url": f"rtsp://admin:12/{PASSWORD}@10.0.0.1/live"}),
    ("source_url", {"source_url": f"rtsp://admin:12?{PASSWORD}@10.0.0.1/live"}),
    ("source_url", {"source_url": "rtsp://10.0.0.1/a b"}),
    ("source_url", {"source_url": "rtsp://10.0.0.1/" + "a" * 3000}),
    ("source_url", {"source_url": "file://host/a.mp4"}),
    ("sub_source_url", {"sub_source_url": f"gopher://u:{PASSWORD}@10.0.0.1/a"}),
    ("camera_class", {"camera_class": 4}),
    ("camera_class", {"camera_class": -1}),
    ("ownership", {"ownership": 9}),
    ("retention_days", {"retention_days": 3651}),
    ("retention_days", {"retention_days": -1}),
    ("location.latitude", {"location": camera_pb2.Location(latitude=90.1)}),
    ("location.latitude", {"location": camera_pb2.Location(latitude=math.nan)}),
    ("location.longitude", {"location": camera_pb2.Location(longitude=-181)}),
    ("schedule", {"schedule": "always"}),
    ("schedule", {"schedule": "mon 25:00-26:00"}),
    ("display_name", {"display_name": "a" * 201}),
    ("display_name", {"display_name": "a\x00b"}),
    ("owner", {"owner": "a" * 201}),
    ("dossier", {"dossier": {str(number): "" for number in range(65)}}),
    ("dossier", {"dossier": {"": "a"}}),
    ("dossier", {"dossier": {"a" * 65: "a"}}),
    ("dossier", {"dossier": {"a": "a" * 1025}}),
    ("dossier", {"dossier": {str(number): "a" * 1000 for number in range(20)}}),
]


@pytest.mark.parametrize(("field", "fields"), BAD_CAMERAS)
async def test_each_bad_field_is_named_at_creation_and_at_update(
    registry: Registry, field: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        await create(registry, "bad", **fields)
    assert refused.value.field == field
    assert PASSWORD not in str(refused.value)
    good = await create(registry, "good")
    with pytest.raises(InvalidArgumentError) as refused:
        await update(registry, good.name, *fields, **fields)
    assert refused.value.field == field
    assert await get(registry, good.name) == good


@pytest.mark.parametrize("camera_id", ["A", "-a", "a-", "a_b", "a" * 64, "村", "a/b"])
async def test_a_bad_id_is_refused(registry: Registry, camera_id: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        await create(registry, camera_id)
    assert refused.value.field == "camera_id"


@pytest.mark.parametrize("name", ["", "gate-1", "cameras/", "cameras/A", "regions/42", "cameras/a/b"])
async def test_a_bad_name_is_refused_by_every_method(registry: Registry, name: str) -> None:
    calls = (
        get(registry, name),
        update(registry, name, display_name="a"),
        delete(registry, name),
        _status(registry, name),
    )
    for call in calls:
        with pytest.raises(InvalidArgumentError) as refused:
            await call
        assert refused.value.field == "name"


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def _status(registry: Registry, name: str) -> camera_pb2.CameraStatus:
    with remote_errors("services/ingest"):
        return await registry.stub.GetCameraStatus(camera_pb2.GetCameraStatusRequest(name=name))


async def test_an_unknown_camera_is_not_found_by_any_method(registry: Registry) -> None:
    calls = (
        get(registry, "cameras/none"),
        update(registry, "cameras/none", display_name="a"),
        delete(registry, "cameras/none"),
        _status(registry, "cameras/none"),
    )
    for call in calls:
        with pytest.raises(NotFoundError):
            await call


async def test_an_update_writes_the_fields_of_its_mask_and_no_other(registry: Registry) -> None:
    created = await create(
        registry, "gate-1", dossier={"pole": "12"}, camera_class=1, listed_for_residents=True
    )
    changed = await update(
        registry,
        created.name,
        "display_name",
        "dossier",
        "enabled",
        "uid",
        display_name="东门",
        dossier={"post": "3"},
        uid="chosen",
        camera_class=2,
    )
    assert (changed.display_name, dict(changed.dossier)) == ("东门", {"post": "3"})
    assert not changed.enabled
    assert changed.listed_for_residents
    assert (changed.uid, changed.camera_class, changed.region) == (created.uid, 1, created.region)
    assert changed.revision > created.revision
    assert changed.etag != created.etag


async def test_an_update_without_mask_writes_what_is_set_and_a_star_everything(registry: Registry) -> None:
    created = await create(registry, "gate-1", owner="村委会", audio=True)
    changed = await update(registry, created.name, display_name="东门")
    assert (changed.display_name, changed.owner, changed.audio) == ("东门", "村委会", True)
    replaced = await update(
        registry, created.name, "*", region="regions/4313", source_url=SOURCE, display_name="西门"
    )
    assert (replaced.display_name, replaced.owner, replaced.audio) == ("西门", "", False)
    assert not replaced.enabled


async def test_a_mask_that_names_no_field_of_a_camera_is_refused(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    for path in ("colour", "dossier.pole", "location.latitude"):
        with pytest.raises(InvalidArgumentError) as refused:
            await update(registry, created.name, path)
        assert refused.value.field == "update_mask"


async def test_a_stale_etag_aborts_and_changes_nothing(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    changed = await update(registry, created.name, etag=created.etag, display_name="东门")
    with pytest.raises(AbortedError):
        await update(registry, created.name, etag=created.etag, display_name="西门")
    with pytest.raises(AbortedError):
        await delete(registry, created.name, created.etag)
    assert await get(registry, created.name) == changed
    await delete(registry, created.name, changed.etag)


async def test_updates_at_the_same_time_are_all_kept(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    await asyncio.gather(
        update(registry, created.name, display_name="东门"),
        update(registry, created.name, owner="村委会"),
        update(registry, created.name, operator="电信"),
        update(registry, created.name, camera_class=1),
    )
    now = await get(registry, created.name)
    assert (now.display_name, now.owner, now.operator, now.camera_class) == ("东门", "村委会", "电信", 1)


async def test_lists_go_by_id_page_by_page_and_by_region_prefix(registry: Registry) -> None:
    regions = ("regions/421381", "regions/421381104213", "regions/4213", "regions/350583")
    for number in range(8):
        await create(registry, f"c-{number}", region=regions[number % 4])

    async def walk(region: str) -> list[str]:
        names: list[str] = []
        token = ""
        while True:
            page = await registry.stub.ListCameras(
                camera_pb2.ListCamerasRequest(region=region, page_size=2, page_token=token)
            )
            assert len(page.cameras) <= 2
            names += [camera.name.removeprefix("cameras/") for camera in page.cameras]
            token = page.next_page_token
            if not token:
                return names

    assert await walk("") == [f"c-{number}" for number in range(8)]
    assert await walk("regions/421381") == ["c-0", "c-1", "c-4", "c-5"]
    assert await walk("regions/99") == []


async def test_a_bad_page_is_refused(registry: Registry) -> None:
    for number in range(3):
        await create(registry, f"c-{number}")
    page = await registry.stub.ListCameras(camera_pb2.ListCamerasRequest(page_size=1))
    for field, request in (
        ("page_size", camera_pb2.ListCamerasRequest(page_size=-1)),
        ("page_size", camera_pb2.ListCamerasRequest(page_size=1001)),
        ("region", camera_pb2.ListCamerasRequest(region="42%")),
        ("page_token", camera_pb2.ListCamerasRequest(page_token="a")),
        ("page_token", camera_pb2.ListCamerasRequest(page_token="////")),
        ("page_token", camera_pb2.ListCamerasRequest(page_token="W10")),
        ("page_token", camera_pb2.ListCamerasRequest(page_token=page.next_page_token, region="regions/42")),
    ):
        with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/ingest"):
            await registry.stub.ListCameras(request)
        assert refused.value.field == field


async def test_credentials_are_told_nowhere_and_lie_sealed_on_disk(
    registry: Registry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"rtsp://admin:{PASSWORD}@10.20.0.8:554/live/main"
    created = await create(registry, "gate-1", source_url=url, sub_source_url=url)
    assert created.source_url == created.sub_source_url == SOURCE
    changed = await update(registry, created.name, source_url=url, display_name="东门")
    listed = await registry.stub.ListCameras(camera_pb2.ListCamerasRequest())
    watch = registry.stub.WatchCameras(camera_pb2.WatchCamerasRequest(states=True))
    told = await anext(aiter(watch))
    watch.cancel()
    messages: list[Message] = [created, changed, listed, told, await _status(registry, created.name)]
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


async def test_no_call_without_a_token(registry: Registry) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await registry.stub.ListCameras(
            camera_pb2.ListCamerasRequest(), metadata=(("authorization", "Bearer nonsense"),)
        )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
