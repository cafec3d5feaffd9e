"""When a camera was to be recorded, and in which region it was, by what was known of it. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.storage.cameras.camera import CameraVersion
from services.storage.spans import Span, intersect, join
from snowlight.schedule import Schedule

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_WEEK_MS = 7 * _DAY_MS
_MONDAY_MS = 4 * _DAY_MS
"""1970-01-05, the first Monday."""


def local_day(day: date, zone: ZoneInfo) -> Span:
    """`day` by the wall clock of `zone`: 23 or 25 hours long when the clock is changed in it."""
    return Span(_midnight_ms(day, zone), _midnight_ms(day + timedelta(days=1), zone))


def scheduled_spans(window: Span, versions: Sequence[CameraVersion], zone: ZoneInfo) -> list[Span]:
    """When within `window` the camera was to be recorded: it was enabled, and within its recording hours.

    `versions`, oldest first; the first one tells of the time before it too. Without any nothing is scheduled.
    """
    spans: list[Span] = []
    for held, version in _held(window, versions):
        if version.enabled:
            spans += recording_hours(held, Schedule.parse(version.schedule), zone)
    return join(spans)


def region_spans(window: Span, versions: Sequence[CameraVersion]) -> list[tuple[str, Span]]:
    """In which region (code) the camera was in `window`, in order; "" when nothing is known of it."""
    regions: list[tuple[str, Span]] = []
    for held, version in _held(window, versions):
        goes_on = regions and regions[-1][0] == version.region
        start_ms = regions.pop()[1].start_ms if goes_on else held.start_ms
        regions.append((version.region, Span(start_ms, held.end_ms)))
    return regions or [("", window)]


def recording_hours(window: Span, schedule: Schedule, zone: ZoneInfo) -> list[Span]:
    """The parts of `window` that lie in `schedule` by the wall clock of `zone`, in order."""
    if not schedule.spans:
        return [window]
    hours: list[Span] = []
    for part, offset_ms in _offsets(window, zone):
        local = [Span(part.start_ms + offset_ms, part.end_ms + offset_ms)]
        for _, span in intersect(local, list(_weekly(schedule, local[0]))):
            hours.append(Span(span.start_ms - offset_ms, span.end_ms - offset_ms))
    return join(hours)


def _weekly(schedule: Schedule, local: Span) -> list[Span]:
    """The schedule's spans in wall time, repeated over `local`."""
    first = (local.start_ms - _MONDAY_MS) // _WEEK_MS - 1  # hours of a Sunday may run into Monday
    last = (local.end_ms - _MONDAY_MS) // _WEEK_MS
    return join(
        Span(monday_ms + begin * _MINUTE_MS, monday_ms + end * _MINUTE_MS)
        for monday_ms in (_MONDAY_MS + week * _WEEK_MS for week in range(first, last + 1))
        for begin, end in schedule.spans
    )


def _held(window: Span, versions: Sequence[CameraVersion]) -> Iterator[tuple[Span, CameraVersion]]:
    """Each version with the part of `window` in which it held."""
    for at, version in enumerate(versions):
        from_ms = version.from_ms if at else window.start_ms
        until_ms = versions[at + 1].from_ms if at + 1 < len(versions) else window.end_ms
        held = Span(from_ms, until_ms).clip(window)
        if not held.is_empty:
            yield held, version


def _offsets(window: Span, zone: ZoneInfo) -> Iterator[tuple[Span, int]]:
    """`window` cut where the wall clock is changed, each part with what local time is ahead of UTC, ms."""
    at_ms = window.start_ms
    while at_ms < window.end_ms:
        offset_ms = _offset_ms(at_ms, zone)
        until_ms = at_ms
        while until_ms < window.end_ms:
            next_ms = min(until_ms + _DAY_MS, window.end_ms)
            if _offset_ms(next_ms, zone) != offset_ms:
                until_ms = _change_ms(until_ms, next_ms, zone)
                break
            until_ms = next_ms
        yield Span(at_ms, until_ms), offset_ms
        at_ms = until_ms


def _change_ms(before_ms: int, after_ms: int, zone: ZoneInfo) -> int:
    """The first instant after `before_ms` at which the offset differs from what it was then."""
    offset_ms = _offset_ms(before_ms, zone)
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if _offset_ms(middle_ms, zone) == offset_ms:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def _offset_ms(time_ms: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
    offset = local.utcoffset()
    assert offset is not None
    return offset // timedelta(milliseconds=1)


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
