"""The online time of some cameras, by region and by hour or day, up to now."""

from collections import Counter
from collections.abc import Sequence

from services.ingest.online.days import LocalDays
from services.ingest.online.meter import HOUR_MS, OnlineMeter, Phase
from services.ingest.online.repository import OnlineRepository, OnlineSum
from services.ingest.online.writer import HOURS_KEPT_MS, OnlineWriter
from snowlight.errors import InvalidArgumentError


class OnlineRates:
    """Joins what is written with what the meter has of the hour that goes on."""

    def __init__(
        self, meter: OnlineMeter, writer: OnlineWriter, repository: OnlineRepository, days: LocalDays
    ) -> None:
        self._meter = meter
        self._writer = writer
        self._repository = repository
        self._days = days

    async def by_hour(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[OnlineSum]:
        """Each hour that has a part in the range. Raises InvalidArgumentError("start_ms") for hours that are
        summed up already, and UnavailableError."""
        regions = await self._repository.regions(uids)
        now_ms, going_on = await self._going_on(regions)
        if start_ms < now_ms - HOURS_KEPT_MS:
            raise InvalidArgumentError(
                "online.hours_gone", "hours are kept for eight days; days for 400", field="start_ms"
            )
        return await self._hours(list(regions), start_ms, end_ms, going_on, now_ms)

    async def by_day(self, uids: Sequence[str], start_ms: int, end_ms: int) -> list[OnlineSum]:
        """Each local day that has a part in the range. Raises UnavailableError."""
        regions = await self._repository.regions(uids)
        now_ms, going_on = await self._going_on(regions)
        start_ms = self._days.start_of(start_ms)
        last_ms = self._days.start_of(end_ms - 1)
        end_ms = self._days.next(last_ms)
        known = list(regions)
        parts = await self._repository.days(known, start_ms, end_ms)
        for hour in await self._hours(known, start_ms, end_ms, going_on, now_ms):
            day_ms = self._days.start_of(hour.start_ms)
            parts.append(OnlineSum(hour.region, day_ms, hour.enabled_ms, hour.online_ms))
        return _added(parts)

    async def _hours(
        self,
        uids: Sequence[str],
        start_ms: int,
        end_ms: int,
        going_on: Sequence[OnlineSum],
        now_ms: int,
    ) -> list[OnlineSum]:
        start_ms -= start_ms % HOUR_MS
        this_hour_ms = now_ms - now_ms % HOUR_MS
        written = await self._repository.hours(uids, start_ms, min(end_ms, this_hour_ms))
        return _added([*written, *going_on] if start_ms <= this_hour_ms < end_ms else written)

    async def _going_on(self, regions: dict[str, str]) -> tuple[int, list[OnlineSum]]:
        """Now, and what belongs to its hour. Of other workers' cameras it is a minute old at most."""
        foreign = [uid for uid in regions if not self._meter.counts(uid)]
        now_ms = await self._writer.flush()
        hour_ms = now_ms - now_ms % HOUR_MS
        told = [
            OnlineSum(region, hour_ms, *self._meter.current(uid, now_ms)) for uid, region in regions.items()
        ]
        for hour in await self._repository.of_hour(foreign, hour_ms) if foreign else ():
            lasted_ms = max(now_ms - hour.until_ms, 0)
            told.append(
                OnlineSum(
                    regions[hour.camera_uid],
                    hour_ms,
                    hour.enabled_ms + (lasted_ms if hour.phase != Phase.DISABLED else 0),
                    hour.online_ms + (lasted_ms if hour.phase == Phase.ONLINE else 0),
                )
            )
        return now_ms, told


def _added(parts: Sequence[OnlineSum]) -> list[OnlineSum]:
    enabled: Counter[tuple[str, int]] = Counter()
    online: Counter[tuple[str, int]] = Counter()
    for part in parts:
        enabled[part.region, part.start_ms] += part.enabled_ms
        online[part.region, part.start_ms] += part.online_ms
    return [OnlineSum(*of, enabled[of], online[of]) for of in sorted(enabled) if enabled[of]]
