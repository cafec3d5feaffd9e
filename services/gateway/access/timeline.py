"""`Media.GetTimeline`: what was recorded, and why the rest was not."""

from __future__ import annotations

from services.gateway.access.guard import calling_officer
from services.gateway.access.reading import read_window
from services.gateway.archive.timelines import Timelines
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.people.identity import LONGEST_TOLD_MS, Identity
from snowlight.api.access.v1 import media_pb2
from snowlight.media.access_envelope import to_timestamp


class TimelineAnswers:
    """Answers as `GET /v1/cameras/{camera}/timeline` does."""

    def __init__(self, identity: Identity, visible: VisibleCameras, timelines: Timelines) -> None:
        self._identity = identity
        self._visible = visible
        self._timelines = timelines

    async def of(self, request: media_pb2.GetTimelineRequest) -> media_pb2.Timeline:
        """Raises InvalidArgumentError naming the field, and PermissionDeniedError ("access.officer_missing")
        for a call in nobody's name: to a system alone auth tells of no footage."""
        officer = calling_officer()
        officer.require_named()
        start_ms, end_ms = read_window(request, longest_ms=LONGEST_TOLD_MS)
        camera = await self._visible.named(officer.person, request.camera, field="camera")
        told = await self._identity.told(
            officer.person,
            "camera.read",
            "playback",
            camera_uid=camera.uid,
            start_ms=start_ms,
            end_ms=end_ms,
        )
        spans, gaps = await self._timelines.of(camera, told)
        return media_pb2.Timeline(
            spans=[
                media_pb2.Timeline.Span(
                    start_time=to_timestamp(span.start_ms), end_time=to_timestamp(span.end_ms)
                )
                for span in spans
            ],
            gaps=[
                media_pb2.Timeline.Gap(
                    start_time=to_timestamp(gap.start_ms),
                    end_time=to_timestamp(gap.end_ms),
                    cause=gap.cause.lower(),
                )
                for gap in gaps
            ],
        )
