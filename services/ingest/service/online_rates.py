"""`snowlight.api.ingest.v1.OnlineRates`."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from services.ingest.health.repository import HealthRepository
from services.ingest.online.days import LocalDays
from services.ingest.online.meter import HOUR_MS
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineSum
from services.ingest.registry.uid import UID
from services.ingest.registry.validation import invalid
from snowlight.api.ingest.v1 import online_pb2, online_pb2_grpc

MOST_CAMERAS = 100_000
LATEST_MS = 4_102_444_800_000
_LONGEST_STEP_MS = 25 * HOUR_MS
"""A day on which clocks are put back."""
LONGEST_MS = {
    online_pb2.GetOnlineRateRequest.HOUR: 9 * 24 * HOUR_MS,
    online_pb2.GetOnlineRateRequest.DAY: 401 * 24 * HOUR_MS,
}


class OnlineRatesService(online_pb2_grpc.OnlineRatesServicer):
    """Messages in, messages out."""

    def __init__(self, rates: OnlineRates, health: HealthRepository, days: LocalDays) -> None:
        self._rates = rates
        self._health = health
        self._days = days

    async def GetOnlineRate(  # noqa: N802
        self, request: online_pb2.GetOnlineRateRequest, context: Any
    ) -> online_pb2.OnlineRate:
        _check(request)
        uids = list(dict.fromkeys(request.camera_uids))
        by_hour = request.step == online_pb2.GetOnlineRateRequest.HOUR
        by_step = self._rates.by_hour if by_hour else self._rates.by_day
        spans = await by_step(uids, request.start_ms, request.end_ms)
        lossy = await self._lossy_hours(
            uids, spans, self._days.start_of if not by_hour else lambda hour: hour
        )
        return online_pb2.OnlineRate(
            spans=[
                online_pb2.OnlineSpan(
                    region=found.region,
                    start_ms=found.start_ms,
                    enabled_ms=found.enabled_ms,
                    online_ms=found.online_ms,
                    lossy_hours=lossy[found.region, found.start_ms],
                )
                for found in spans
            ]
        )

    async def _lossy_hours(
        self, uids: Sequence[str], spans: Sequence[OnlineSum], step_of: Callable[[int], int]
    ) -> Counter[tuple[str, int]]:
        """By region and begin of the step that `step_of` finds for an hour."""
        lossy: Counter[tuple[str, int]] = Counter()
        if spans:
            start_ms = min(span.start_ms for span in spans)
            end_ms = max(span.start_ms for span in spans) + _LONGEST_STEP_MS
            for hour in await self._health.lossy(uids, start_ms, end_ms):
                lossy[hour.region, step_of(hour.hour_ms)] += hour.cameras
        return lossy


def _check(request: online_pb2.GetOnlineRateRequest) -> None:
    if request.step not in LONGEST_MS:
        raise invalid("step", "must be HOUR or DAY")
    if len(request.camera_uids) > MOST_CAMERAS:
        raise invalid("camera_uids", f"must be {MOST_CAMERAS} at most")
    if not all(map(UID.fullmatch, request.camera_uids)):
        raise invalid("camera_uids", "must be uids of cameras")
    if request.start_ms < 0:
        raise invalid("start_ms", "must be ms since 1970 UTC")
    if not request.start_ms < request.end_ms < LATEST_MS:
        raise invalid("end_ms", "must be after start_ms and before 2100")
    longest_ms = LONGEST_MS[request.step]
    if request.end_ms - request.start_ms > longest_ms:
        raise invalid("end_ms", f"must be {longest_ms // (24 * HOUR_MS)} days after start_ms at most")
