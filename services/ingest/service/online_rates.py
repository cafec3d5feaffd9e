"""`snowlight.api.ingest.v1.OnlineRates`."""

from typing import Any

from services.ingest.online.meter import HOUR_MS
from services.ingest.online.rates import OnlineRates
from services.ingest.registry.uid import UID
from services.ingest.registry.validation import invalid
from snowlight.api.ingest.v1 import online_pb2, online_pb2_grpc

MOST_CAMERAS = 100_000
LATEST_MS = 4_102_444_800_000
LONGEST_MS = {
    online_pb2.GetOnlineRateRequest.HOUR: 9 * 24 * HOUR_MS,
    online_pb2.GetOnlineRateRequest.DAY: 401 * 24 * HOUR_MS,
}


class OnlineRatesService(online_pb2_grpc.OnlineRatesServicer):
    """Messages in, messages out."""

    def __init__(self, rates: OnlineRates) -> None:
        self._rates = rates

    async def GetOnlineRate(  # noqa: N802
        self, request: online_pb2.GetOnlineRateRequest, context: Any
    ) -> online_pb2.OnlineRate:
        _check(request)
        uids = list(dict.fromkeys(request.camera_uids))
        by_step = (
            self._rates.by_hour
            if request.step == online_pb2.GetOnlineRateRequest.HOUR
            else self._rates.by_day
        )
        return online_pb2.OnlineRate(
            spans=[
                online_pb2.OnlineSpan(
                    region=found.region,
                    start_ms=found.start_ms,
                    enabled_ms=found.enabled_ms,
                    online_ms=found.online_ms,
                )
                for found in await by_step(uids, request.start_ms, request.end_ms)
            ]
        )


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
