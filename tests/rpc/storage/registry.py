"""The registry's change feed, told by the test."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.errors import NotFoundError

REGION = "421381"
CAMERA_CLASS = 3
OWNERSHIP = camera_pb2.PUBLIC


class Registry(camera_pb2_grpc.CameraRegistryServicer):
    """Keeps every change with its revision and sends them as ingest promises to."""

    def __init__(self) -> None:
        self.revision = 0
        self.asked: list[int] = []
        """The revisions that watchers began after."""
        self._log: list[camera_pb2.WatchCamerasResponse] = []
        self._changed = asyncio.Condition()

    async def put(
        self, uid: str, *, retention_days: int, created_ms: int, updated_ms: int = 0, **fields: Any
    ) -> None:
        """Register or change a camera. `fields`: of `camera_pb2.Camera`, besides those of an ordinary one."""
        self.revision += 1
        created = Timestamp()
        created.FromMilliseconds(created_ms)
        updated = Timestamp()
        updated.FromMilliseconds(updated_ms or created_ms + self.revision)
        ordinary = {
            "region": f"regions/{REGION}",
            "camera_class": CAMERA_CLASS,
            "ownership": OWNERSHIP,
            "enabled": True,
        }
        camera = camera_pb2.Camera(
            name=f"cameras/{uid}",
            uid=uid,
            retention_days=retention_days,
            create_time=created,
            update_time=updated,
            revision=self.revision,
            **{**ordinary, **fields},
        )
        await self._tell(camera_pb2.WatchCamerasResponse(changed=camera))

    async def delete(self, uid: str) -> None:
        """Forget a camera."""
        self.revision += 1
        deleted = camera_pb2.DeletedCamera(name=f"cameras/{uid}", uid=uid, revision=self.revision)
        await self._tell(camera_pb2.WatchCamerasResponse(deleted=deleted))

    def forget_history(self) -> None:
        """Keep of each camera its last change, and of deleted ones nothing, as a registry long since may."""
        last = {
            response.changed.uid if response.HasField("changed") else response.deleted.uid: response
            for response in self._log
        }
        self._log = [response for response in last.values() if response.HasField("changed")]

    async def _tell(self, response: camera_pb2.WatchCamerasResponse) -> None:
        async with self._changed:
            self._log.append(response)
            self._changed.notify_all()

    async def GetCamera(  # noqa: N802
        self, request: camera_pb2.GetCameraRequest, context: Any
    ) -> camera_pb2.Camera:
        for response in reversed(self._log):
            if response.changed.name == request.name:
                return response.changed
        raise NotFoundError("camera.unknown", f"there is no {request.name}", field="name")

    async def WatchCameras(  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest, context: Any
    ) -> AsyncIterator[camera_pb2.WatchCamerasResponse]:
        self.asked.append(request.revision)
        sent = min(request.revision, len(self._log))
        synced = len(self._log)
        for response in self._log[sent:synced]:
            yield response
        yield camera_pb2.WatchCamerasResponse(synced=self.revision)
        sent = synced
        while True:
            async with self._changed:
                while len(self._log) == sent:
                    await self._changed.wait()
                fresh = self._log[sent:]
            for response in fresh:
                yield response
            sent += len(fresh)
