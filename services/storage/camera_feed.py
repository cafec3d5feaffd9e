"""Follows ingest's change feed of cameras and keeps what retention and timelines depend on."""

import asyncio

import structlog

from services.storage.camera import CameraRecord
from services.storage.camera_repository import CameraRepository
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.clock import Clock
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0
BATCH = 500

log = structlog.get_logger(__name__)


class CameraFeed:
    """The camera model's writer."""

    def __init__(
        self,
        cameras: CameraRepository,
        registry: "camera_pb2_grpc.CameraRegistryAsyncStub",
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._registry = registry
        self._clock = clock
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Follow the feed until cancelled, through every outage of ingest and of the database."""
        while True:
            try:
                await self._follow()
            except SnowlightError as error:
                log.warning("camera_feed.interrupted", error=error.code, retry_s=self._retry_s)
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)

    async def _follow(self) -> None:
        kept = await self._cameras.revision()
        changes: list[CameraRecord] = []
        reached: int | None = None  # unknown until the backlog is complete: its order is ingest's own
        with remote_errors("services/ingest"):
            async for response in self._registry.WatchCameras(camera_pb2.WatchCamerasRequest(revision=kept)):
                match response.WhichOneof("event"):
                    case "changed":
                        changes.append(_record(response.changed))
                        reached = reached and response.changed.revision
                    case "deleted":
                        changes.append(self._deleted(response.deleted))
                        reached = reached and response.deleted.revision
                    case "synced":
                        if response.synced < kept:
                            await self._begin_anew()
                            return
                        reached = response.synced
                        self._retry_s = FIRST_RETRY_S
                if reached is not None or len(changes) >= BATCH:
                    await self._cameras.save(changes, reached)
                    changes.clear()

    async def _begin_anew(self) -> None:
        """Ingest's registry is younger than what is kept here: take it all in once more."""
        log.warning("camera_feed.registry_replaced")
        await self._cameras.save([], 0)

    def _deleted(self, camera: camera_pb2.DeletedCamera) -> CameraRecord:
        return CameraRecord(camera.uid, 0, 0, self._clock.now_ms())


def _record(camera: camera_pb2.Camera) -> CameraRecord:
    return CameraRecord(camera.uid, camera.retention_days, camera.create_time.ToMilliseconds(), None)
