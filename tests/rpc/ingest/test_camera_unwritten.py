"""Writes to the registry that are checked and not made, or that would change nothing."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import SOURCE, a_camera, create, get, update


async def only_checked(registry: Registry, camera_id: str, **fields: object) -> camera_pb2.Camera:
    wish = camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=a_camera(**fields), validate_only=True)
    with remote_errors("services/ingest"):
        return await registry.stub.CreateCamera(wish)


async def test_a_creation_that_is_only_checked_makes_nothing(registry: Registry) -> None:
    would_be = await only_checked(registry, "gate-1")
    assert (would_be.name, would_be.uid, would_be.display_name) == ("cameras/gate-1", "", "村口")
    with pytest.raises(NotFoundError):
        await get(registry, "cameras/gate-1")
    with pytest.raises(InvalidArgumentError) as refused:
        await only_checked(registry, "gate-1", camera_class=4)
    assert refused.value.field == "camera_class"
    await create(registry, "gate-1")
    with pytest.raises(AlreadyExistsError):
        await only_checked(registry, "gate-1")


async def test_an_update_that_is_only_checked_changes_nothing(registry: Registry) -> None:
    created = await create(registry, "gate-1")

    async def check(**fields: object) -> camera_pb2.Camera:
        wish = camera_pb2.UpdateCameraRequest(
            camera=camera_pb2.Camera(name=created.name, **fields),  # type: ignore[arg-type]
            update_mask=FieldMask(paths=fields),
            validate_only=True,
        )
        with remote_errors("services/ingest"):
            return await registry.stub.UpdateCamera(wish)

    assert (await check(display_name="东门")).display_name == "东门"
    assert await get(registry, created.name) == created
    with pytest.raises(InvalidArgumentError):
        await check(retention_days=-1)


async def test_what_changes_nothing_makes_no_new_version(registry: Registry) -> None:
    created = await create(registry, "gate-1", source_url="rtsp://u:p@10.0.0.1/a")
    for url in ("rtsp://u:p@10.0.0.1/a", "rtsp://10.0.0.1/a"):
        same = await update(
            registry, created.name, "source_url", "display_name", source_url=url, display_name="村口"
        )
        assert same == created
    other = await update(registry, created.name, "source_url", source_url="rtsp://u:q@10.0.0.1/a")
    assert (other.etag != created.etag, other.source_url) == (True, created.source_url)
    gone = await update(registry, created.name, "source_url", source_url="rtsp://@10.0.0.1/a")
    assert gone.etag != other.etag
    assert (await update(registry, created.name, "source_url", source_url=SOURCE)).etag != gone.etag
