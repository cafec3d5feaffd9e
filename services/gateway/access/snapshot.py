"""`Media.GetSnapshot`: one picture."""

from __future__ import annotations

from services.gateway.access.guard import calling_officer
from services.gateway.access.officers import Officer
from services.gateway.access.reading import read_instant
from services.gateway.access.view import View, Views
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.snapshot.snapshots import Snapshot, Snapshots
from snowlight.api.access.v1 import media_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError
from snowlight.media.access_envelope import to_timestamp


class SnapshotAnswers:
    """Answers as `GET /snapshot/{ticket}.jpg` does."""

    def __init__(self, views: Views, visible: VisibleCameras, snapshots: Snapshots, clock: Clock) -> None:
        self._views = views
        self._visible = visible
        self._snapshots = snapshots
        self._clock = clock

    async def of(self, request: media_pb2.GetSnapshotRequest) -> media_pb2.Snapshot:
        """Raises InvalidArgumentError naming the field."""
        officer = calling_officer()
        time_ms = read_instant(request, "time") if request.HasField("time") else None
        if time_ms is not None and time_ms > self._clock.now_ms():
            raise InvalidArgumentError("request.range", "time must not be in the future", field="time")
        camera = await self._visible.named(officer.person, request.camera, field="camera")
        if time_ms is None:
            taken = await self._newest(officer, camera, request.purpose)
        else:
            taken = await self._at(officer, camera, request.purpose, time_ms)
        return media_pb2.Snapshot(time=to_timestamp(taken.time_ms), jpeg=taken.jpeg)

    async def _newest(self, officer: Officer, camera: camera_pb2.Camera, purpose: str) -> Snapshot:
        async with self._views.begun(officer, camera, "snapshot", purpose) as view:
            return await _shown(view, await self._snapshots.newest(view.use))

    async def _at(self, officer: Officer, camera: camera_pb2.Camera, purpose: str, time_ms: int) -> Snapshot:
        window_ms = time_ms, time_ms + 1
        async with self._views.begun(officer, camera, "playback", purpose, window_ms) as view:
            return await _shown(view, await self._snapshots.at(view.use, time_ms))


async def _shown(view: View, snapshot: Snapshot) -> Snapshot:
    await view.still()  # the right may have gone while this waited
    view.use.measure.sent(len(snapshot.jpeg))
    return snapshot
