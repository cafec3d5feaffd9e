"""A camera registered, asked for, changed and deleted, over gRPC."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from snowlight.api.ingest.v1 import camera_pb2
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


async def status(registry: Registry, name: str) -> camera_pb2.CameraStatus:
    with remote_errors("services/ingest"):
        return await registry.stub.GetCameraStatus(camera_pb2.GetCameraStatusRequest(name=name))


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
