"""Local days, made of whole hours of UTC."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.ingest.online.meter import HOUR_MS


class LocalDays:
    """The days of a time zone. One begins with the first hour of UTC that begins in it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def start_of(self, time_ms: int) -> int:
        """Begin of the day that has the hour of `time_ms`, ms since 1970 UTC."""
        hour = datetime.fromtimestamp((time_ms - time_ms % HOUR_MS) / 1000, UTC).astimezone(self._zone)
        return self._start(hour.date())

    def next(self, day_ms: int) -> int:
        """Begin of the day after the one that begins at `day_ms`."""
        day = datetime.fromtimestamp(day_ms / 1000, UTC).astimezone(self._zone).date()
        return self._start(day + timedelta(days=1))

    def _start(self, day: date) -> int:
        midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)
        return midnight_ms + -midnight_ms % HOUR_MS
