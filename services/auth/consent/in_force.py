"""Which consents and grants open a camera to somebody now. A decision asks this before each ticket.

- A consent holds for whom it names, within its hours, while the camera is still its owner's. Live pictures
  are open while the clock shows its hours; footage that was recorded within them, from `footage_from` on,
  and from when the camera became its owner's.
- Nothing but a repair opens a camera to a carrier, and a repair opens none to anybody else.
- To know of the camera (`camera.read`) any of them will do, whatever the hour.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.auth.consent.model import DAY_MS, Hours, Opening, OpeningKind
from services.auth.decision import FOOTAGE, PICTURES, Action
from services.auth.facts import Facts
from services.auth.model import CameraFacts, Line, Principal

_MINUTE_MS = 60_000
_DAY_MINUTES = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_force(
    facts: Facts,
    principal: Principal,
    camera: CameraFacts,
    action: Action,
    window: tuple[int, int] | None,
) -> list[Opening]:
    """What grants and consents opened that allows `principal` to do `action` on `camera`.

    `window`: of the footage, [start, end) in ms; None: whichever they open.
    """
    scope = facts.chains.get(principal.scope, ())
    return [
        opening
        for opening in facts.openings.get(camera.uid, ())
        if _is_open(opening, principal, camera, action, facts.now_ms, window)
        and (not opening.audience.line or opening.audience.region in scope)
    ]


def _is_open(
    opening: Opening,
    principal: Principal,
    camera: CameraFacts,
    action: Action,
    now_ms: int,
    window: tuple[int, int] | None,
) -> bool:
    if (principal.line is Line.CARRIER) != (opening.kind is OpeningKind.REPAIR):
        return False
    if opening.kind is OpeningKind.CONSENT and opening.owner != camera.owner:
        return False
    if not is_named(opening, principal):
        return False
    if action is Action.CAMERA_READ:
        return True
    if action not in opening.actions:
        return False
    if action in FOOTAGE:
        return window is None or _opens_footage(opening, camera, window)
    return opening.hours is None or _shows(opening.hours, opening.time_zone, now_ms)


def is_named(opening: Opening, principal: Principal) -> bool:
    """The audience has `principal` in it; of a line, as far as that can be told without its region."""
    audience = opening.audience
    if audience.principal:
        return audience.principal == principal.name
    if audience.organisation:
        return audience.organisation == principal.organisation
    return audience.line == principal.line


def _opens_footage(opening: Opening, camera: CameraFacts, window: tuple[int, int]) -> bool:
    start_ms, end_ms = window
    if start_ms < _opens_from_ms(opening, camera) or end_ms > opening.window[1]:
        return False
    return opening.hours is None or covers(opening.hours, opening.time_zone, start_ms, end_ms)


def _opens_from_ms(opening: Opening, camera: CameraFacts) -> int:
    if opening.kind is OpeningKind.CONSENT:
        return max(opening.window[0], camera.owner_ms)  # nobody opens another's past
    return opening.window[0]


def footage_within(
    opening: Opening, camera: CameraFacts, start_ms: int, end_ms: int
) -> list[tuple[int, int]]:
    """The parts of [start, end), ms, whose footage this opens to whoever may play it back, in order.

    Where the clock is put forward or back near the edge of its hours, up to an hour may be left out.
    """
    start_ms = max(start_ms, _opens_from_ms(opening, camera))
    end_ms = min(end_ms, opening.window[1])
    if start_ms >= end_ms:
        return []
    if opening.hours is None:
        return [(start_ms, end_ms)]
    clipped = (
        (max(start_ms, from_ms), min(end_ms, to_ms))
        for from_ms, to_ms in _days_hours(opening.hours, opening.time_zone, start_ms, end_ms)
    )
    return [part for part in clipped if part[0] < part[1]]


def _days_hours(hours: Hours, time_zone: str, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The hours of each day that has some in [start, end)."""
    zone = ZoneInfo(time_zone)
    day = _local(start_ms, zone).date() - timedelta(days=1)  # its hours may end on the next
    over_midnight = timedelta(days=hours.to_minute < hours.from_minute)
    while day <= _local(end_ms, zone).date():
        yield (
            max(_shown(day, hours.from_minute, zone)),
            min(_shown(day + over_midnight, hours.to_minute, zone)),
        )
        day += timedelta(days=1)


def _shown(day: date, minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """When the clock shows this minute, ms: one instant twice, but where it is put forward or back."""
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    first, last = (round(local.replace(fold=fold).timestamp() * 1000) for fold in (0, 1))
    return first, last


def closes_ms(opening: Opening, action: Action, now_ms: int) -> int:
    """When what opens a camera for `action` now closes by itself: at its end, or that of its hours."""
    if opening.hours is None or action not in PICTURES - FOOTAGE:
        return opening.end_ms
    return min(opening.end_ms, _hours_end_ms(opening.hours, opening.time_zone, now_ms))


def _hours_end_ms(hours: Hours, time_zone: str, now_ms: int) -> int:
    """The first instant after `now_ms`, at which the clock shows one of the hours, when it shows none."""
    zone = ZoneInfo(time_zone)
    local = _local(now_ms, zone)
    this_minute_ms = now_ms - now_ms % _MINUTE_MS
    minutes = (hours.to_minute - local.hour * 60 - local.minute) % _DAY_MINUTES
    end_ms = this_minute_ms + minutes * _MINUTE_MS
    if _local(end_ms, zone).utcoffset() == local.utcoffset():
        return end_ms
    # The clock is put forward or back until then, which may skip the hours' end, or end them by itself.
    later = range(this_minute_ms + _MINUTE_MS, this_minute_ms + 2 * DAY_MS, _MINUTE_MS)
    return next(instant_ms for instant_ms in later if not _shows(hours, time_zone, instant_ms))


def covers(hours: Hours, time_zone: str, start_ms: int, end_ms: int) -> bool:
    """Every instant of [start, end) lies within the hours of its day."""
    length = (hours.to_minute - hours.from_minute) % _DAY_MINUTES
    if end_ms - start_ms > min(DAY_MS, (length + 60) * _MINUTE_MS):  # the clock may be put back within them
        return False
    # At each full minute, as zones change theirs at full minutes.
    instants = [start_ms, *range(start_ms - start_ms % _MINUTE_MS + _MINUTE_MS, end_ms, _MINUTE_MS)]
    return all(_shows(hours, time_zone, instant_ms) for instant_ms in instants)


def _shows(hours: Hours, time_zone: str, instant_ms: int) -> bool:
    """The clock of the time zone shows one of the hours then."""
    local = _local(instant_ms, ZoneInfo(time_zone))
    minute = local.hour * 60 + local.minute
    if hours.from_minute < hours.to_minute:
        return hours.from_minute <= minute < hours.to_minute
    return minute >= hours.from_minute or minute < hours.to_minute


def _local(instant_ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=instant_ms)).astimezone(zone)
