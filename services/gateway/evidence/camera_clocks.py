"""What cameras' own clocks show, as an export's manifest is to say it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.gateway.ingest_workers import IngestWorkers
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.bounded import for_each
from snowlight.errors import SnowlightError

WAIT_S = 2.0
"""For ingest's answer about a camera: no export fails for want of it."""
ASKED_AT_ONCE = 16


class CameraClocks:
    """Asks the workers that have the cameras."""

    def __init__(self, workers: IngestWorkers) -> None:
        self._workers = workers

    async def of(self, cameras: Sequence[camera_pb2.Camera]) -> list[export_pb2.CameraClock]:
        """Of those that have told their time lately."""
        found = await for_each(cameras, self._one, at_once=ASKED_AT_ONCE)
        return [clock for clock in found if clock is not None]

    async def _one(self, camera: camera_pb2.Camera) -> export_pb2.CameraClock | None:
        try:
            async with asyncio.timeout(WAIT_S):
                health = await self._workers.health(camera)
        except (SnowlightError, TimeoutError):
            return None
        stream = health.stream
        if not stream.HasField("clock_offset_ms"):
            return None
        return export_pb2.CameraClock(
            camera_uid=camera.uid,
            offset_ms=stream.clock_offset_ms,
            measure_ms=stream.time.ToMilliseconds(),
        )
