"""The registry of cameras, over gRPC: what was registered is told, one by one and in lists."""

import grpc
import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import AlreadyExistsError, NotFoundError
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import create, delete, get, status, update


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


async def test_an_unknown_camera_is_not_found_by_any_method(registry: Registry) -> None:
    calls = (
        get(registry, "cameras/none"),
        update(registry, "cameras/none", display_name="a"),
        delete(registry, "cameras/none"),
        status(registry, "cameras/none"),
    )
    for call in calls:
        with pytest.raises(NotFoundError):
            await call


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


async def test_no_call_without_a_token(registry: Registry) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await registry.stub.ListCameras(
            camera_pb2.ListCamerasRequest(), metadata=(("authorization", "Bearer nonsense"),)
        )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
