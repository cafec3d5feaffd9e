"""A change feed of cameras that a test writes, served as ingest serves its own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc


class Registry(camera_pb2_grpc.CameraRegistryServicer):
    """Keeps cameras with revisions; every watcher gets the backlog, one `synced`, then what changes."""

    def __init__(self) -> None:
        self.revision = 0
        self.watched_from: list[int] = []
        self._events: dict[str, tuple[int, camera_pb2.WatchCamerasResponse]] = {}
        self._changed = asyncio.Condition()

    async def put(self, uid: str, region: str, **fields: Any) -> None:
        """Register or change a camera; public and listed for nobody unless `fields` say otherwise."""
        self.revision += 1
        camera = camera_pb2.Camera(
            name=f"cameras/{uid}",
            uid=uid,
            region=f"regions/{region}",
            revision=self.revision,
            **({"ownership": camera_pb2.PUBLIC} | fields),
        )
        await self._tell(uid, camera_pb2.WatchCamerasResponse(changed=camera))

    async def delete(self, uid: str) -> None:
        """Leave a tombstone."""
        self.revision += 1
        deleted = camera_pb2.DeletedCamera(name=f"cameras/{uid}", uid=uid, revision=self.revision)
        await self._tell(uid, camera_pb2.WatchCamerasResponse(deleted=deleted))

    async def WatchCameras(  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest, context: Any
    ) -> AsyncIterator[camera_pb2.WatchCamerasResponse]:
        self.watched_from.append(request.revision)
        told, revision = request.revision, self.revision
        for event in self._after(told):
            yield event
        yield camera_pb2.WatchCamerasResponse(synced=revision)
        while True:
            told = revision
            async with self._changed:
                while self.revision == told:
                    await self._changed.wait()
                revision, events = self.revision, self._after(told)
            for event in events:
                yield event

    def _after(self, revision: int) -> list[camera_pb2.WatchCamerasResponse]:
        later = [entry for entry in self._events.values() if entry[0] > revision]
        return [event for _, event in sorted(later, key=lambda entry: entry[0])]

    async def _tell(self, uid: str, event: camera_pb2.WatchCamerasResponse) -> None:
        async with self._changed:
            self._events[uid] = (self.revision, event)
            self._changed.notify_all()
