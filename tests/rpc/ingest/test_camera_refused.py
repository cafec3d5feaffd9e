"""A camera, id, name or page that is malformed is refused, and its field named."""

import math
from typing import Any

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import PASSWORD, create, delete, get, status, update

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
    ("source_url", {"source_url": "push://gate"}),
    ("sub_source_url", {"sub_source_url": "push:"}),
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
        status(registry, name),
    )
    for call in calls:
        with pytest.raises(InvalidArgumentError) as refused:
            await call
        assert refused.value.field == "name"


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
