"""`snowlight.api.ingest.v1.HealthReports`."""

from collections.abc import Callable
from typing import Any

from services.ingest.health.meter import HOUR_MS, HealthHour, HealthMeter
from services.ingest.health.repository import HealthRepository
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.messages import timestamp
from services.ingest.service.told import health_message
from snowlight.api.ingest.v1 import health_pb2, health_pb2_grpc
from snowlight.clock import Clock

HOURS_TOLD = 24
"""Whole hours, besides the one that goes on."""


class HealthReportsService(health_pb2_grpc.HealthReportsServicer):
    """Answers from the meter and from the hours that are written."""

    def __init__(
        self,
        cameras: Cameras,
        meter: HealthMeter,
        repository: HealthRepository,
        clock: Clock,
        check_owns: Callable[[str], None],
    ) -> None:
        """`check_owns` raises for the uid of another worker's camera."""
        self._cameras = cameras
        self._meter = meter
        self._repository = repository
        self._clock = clock
        self._check_owns = check_owns

    async def GetCameraHealth(  # noqa: N802
        self, request: health_pb2.GetCameraHealthRequest, context: Any
    ) -> health_pb2.CameraHealth:
        record = await self._cameras.get(request.name)
        self._check_owns(record.uid)
        now_ms = self._clock.now_ms()
        since_ms = now_ms - now_ms % HOUR_MS - HOURS_TOLD * HOUR_MS
        unwritten = self._meter.unwritten(record.uid)  # first: what is written meanwhile is not left out
        written = await self._repository.hours(record.uid, since_ms)
        hours = _joined(written, [part for part in unwritten if part.hour_ms >= since_ms])
        answer = health_pb2.CameraHealth(
            name=record.name,
            uid=record.uid,
            reconnects_last_day=sum(hour.reconnects for hour in hours),
            hours=map(_hour, hours),
        )
        stream = self._meter.now(record.uid, now_ms)
        if stream is not None:
            answer.stream.CopyFrom(health_message(stream))
        return answer


def _joined(written: list[HealthHour], unwritten: list[HealthHour]) -> list[HealthHour]:
    hours = {hour.hour_ms: hour for hour in written}
    for part in unwritten:
        if part.hour_ms in hours:
            hours[part.hour_ms].add(part)
        else:
            hours[part.hour_ms] = part
    return [hours[hour_ms] for hour_ms in sorted(hours)]


def _hour(hour: HealthHour) -> health_pb2.HealthHour:
    expected = hour.received + hour.lost
    return health_pb2.HealthHour(
        start=timestamp(hour.hour_ms),
        bits_per_second=hour.bytes * 8000 // max(1, hour.media_ms),
        frames_per_second=round(hour.pictures * 1000 / max(1, hour.media_ms), 2),
        loss=hour.lost / expected if expected else None,
        jitter_ms=hour.jitter_ms,
        reconnects=hour.reconnects,
    )
