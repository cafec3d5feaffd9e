"""Weekly recording hours: `mon-fri 08:00-18:00; sat,sun 00:00-24:00`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from snowlight.errors import InvalidArgumentError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RULE = re.compile(r"(?P<days>[a-z,-]+)\s+(?P<begin>\d{2}:\d{2})-(?P<end>\d{2}:\d{2})")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes of the week, Monday 00:00 being 0, in which a camera is recorded; none at all means always."""

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Raises InvalidArgumentError("camera.schedule_invalid", field="schedule").

        Hours that end before they begin run into the next day; days may wrap around the week (`sat-mon`).
        """
        spans: list[tuple[int, int]] = []
        for rule in filter(None, (part.strip() for part in text.lower().split(";"))):
            match = _RULE.fullmatch(rule)
            if match is None:
                raise _invalid(f"{rule!r} is not DAYS HH:MM-HH:MM")
            begin, end = _minute(match["begin"]), _minute(match["end"])
            if begin == end:
                raise _invalid(f"{rule!r} is empty; a whole day is 00:00-24:00")
            if end < begin:
                end += _DAY_MINUTES
            for day in _days(match["days"]):
                start = day * _DAY_MINUTES
                spans.append((start + begin, start + end))
        return cls(tuple(sorted(spans)))

    def is_scheduled(self, time_ms: int, zone: ZoneInfo) -> bool:
        """Whether the camera is recorded at `time_ms` (ms since 1970 UTC) by the wall clock of `zone`."""
        if not self.spans:
            return True
        local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
        minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
        return any(
            begin <= minute < end or begin <= minute + _WEEK_MINUTES < end for begin, end in self.spans
        )


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise _invalid(f"{part!r} is no day of the week or range of them")
        begin = _DAYS.index(first)
        count = (_DAYS.index(last) - begin) % 7 + 1 if dash else 1
        days += [(begin + i) % 7 for i in range(count)]
    return days


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:
        raise _invalid(f"{text!r} is no time of day")
    return hour * 60 + minute


def _invalid(detail: str) -> InvalidArgumentError:
    return InvalidArgumentError("camera.schedule_invalid", detail, field="schedule")
