"""gRPC service `access.v1.Media`: pictures, live and recorded."""

from __future__ import annotations

from typing import Any

from services.gateway.access.live import LiveWatch
from services.gateway.access.recordings import RecordingStreams
from services.gateway.access.snapshot import SnapshotAnswers
from services.gateway.access.timeline import TimelineAnswers
from snowlight.api.access.v1 import media_pb2, media_pb2_grpc

PRESERIALIZED = frozenset({"WatchLive", "StreamRecording"})


class MediaService(media_pb2_grpc.MediaServicer):
    """Hands each call to who serves it."""

    def __init__(
        self,
        live: LiveWatch,
        recordings: RecordingStreams,
        timeline: TimelineAnswers,
        snapshot: SnapshotAnswers,
    ) -> None:
        self._live = live
        self._recordings = recordings
        self._timeline = timeline
        self._snapshot = snapshot

    async def WatchLive(  # type: ignore[override]  # noqa: N802
        self, request: media_pb2.WatchLiveRequest, context: Any
    ) -> None:
        await self._live.serve(request, context)

    async def StreamRecording(  # type: ignore[override]  # noqa: N802
        self, request: media_pb2.StreamRecordingRequest, context: Any
    ) -> None:
        await self._recordings.serve(request, context)

    async def GetTimeline(  # noqa: N802
        self, request: media_pb2.GetTimelineRequest, context: Any
    ) -> media_pb2.Timeline:
        return await self._timeline.of(request)

    async def GetSnapshot(  # noqa: N802
        self, request: media_pb2.GetSnapshotRequest, context: Any
    ) -> media_pb2.Snapshot:
        return await self._snapshot.of(request)
