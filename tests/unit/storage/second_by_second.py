"""Integrity counted one second after the other, from the words of docs/integrity.md and with nothing of the
product: slow, and too simple to be wrong. All times are whole seconds since 1970 UTC.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Hours:
    """One rule of a schedule. `end` before `begin` is on the next day. Minutes of the day."""

    days: frozenset[int]
    begin: int
    end: int

    def __str__(self) -> str:
        days = ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {clock(self.begin)}-{clock(self.end)}"

    def hold(self, weekday: int, minute: int) -> bool:
        if self.begin < self.end:
            return weekday in self.days and self.begin <= minute < self.end
        return (weekday in self.days and minute >= self.begin) or (
            (weekday - 1) % 7 in self.days and minute < self.end
        )


@dataclass(frozen=True)
class Version:
    since: int
    enabled: bool
    hours: tuple[Hours, ...]


@dataclass(frozen=True)
class Row:
    """`end` 0: left open."""

    start: int
    end: int
    cause: str


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def is_scheduled(second: int, versions: Sequence[Version], zone: ZoneInfo) -> bool:
    version = versions[0]
    for later in versions[1:]:
        if later.since <= second:
            version = later
    local = datetime.fromtimestamp(second, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    return version.enabled and (
        not version.hours or any(hours.hold(local.weekday(), minute) for hours in version.hours)
    )


def lost(existing: range, recorded: Collection[int], rows: Sequence[Row]) -> dict[int, str]:
    """The seconds within gaps, each with its cause."""
    found = gaps(existing, recorded)
    footage = sorted({*recorded, *(each + 1 for each in recorded if each + 2 in recorded)})
    spans = runs(footage)
    ended = [replace(row, end=row.end or reopened(row, spans, existing.stop)) for row in rows]
    return {second: cause(second, gap, ended) for gap in found for second in gap}


def gaps(existing: range, recorded: Collection[int]) -> list[range]:
    """Runs of two seconds and more without footage, while the camera existed."""
    without = [second for second in existing if second not in recorded]
    return [run for run in runs(without) if len(run) > 1]


def runs(seconds: Sequence[int]) -> list[range]:
    """Seconds that follow each other."""
    found: list[range] = []
    for second in seconds:
        if found and found[-1].stop == second:
            found[-1] = range(found[-1].start, second + 1)
        else:
            found.append(range(second, second + 1))
    return found


def reopened(row: Row, footage: Sequence[range], never: int) -> int:
    """When footage came again after a row that was left open. Its last second may be the row's own first."""
    for span in footage:
        if span.stop - row.start > 1:
            return max(span.start, row.start)
    return never


def cause(second: int, gap: range, rows: Iterable[Row]) -> str:
    """Of the rows that hold, the one that began last. Up to a second at a gap's edges is rounding."""
    told: Row | None = None
    for row in rows:
        if row.start >= gap.stop or row.end <= gap.start:
            continue
        begins = gap.start if row.start - gap.start <= 1 else row.start
        ends = gap.stop if gap.stop - row.end <= 1 else row.end
        if begins <= second < ends and (told is None or row.start > told.start):
            told = row
    return told.cause if told else "unknown"
