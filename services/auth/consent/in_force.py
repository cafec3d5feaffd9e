"""Which consents and grants open a camera to somebody now. A decision asks this before each ticket.

- A consent holds for whom it names, within its hours, while the camera is still its owner's. Live pictures
  are open while the clock shows its hours; footage that was recorded within them, from `footage_from` on,
  and from when the camera became its owner's.
- Nothing but a repair opens a camera to a carrier, and a repair opens none to anybody else.
- To know of the camera (`camera.read`) any of them will do, whatever the hour.
"""

from datetime import UTC, datetime, timedelta
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
        from_ms = camera.owner_ms if opening.kind is OpeningKind.CONSENT else 0  # nobody opens another's past
        return _opens_footage(opening, from_ms, window)
    return opening.hours is None or _shows(opening.hours, opening.time_zone, now_ms)


def is_named(opening: Opening, principal: Principal) -> bool:
    """The audience has `principal` in it; of a line, as far as that can be told without its region."""
    audience = opening.audience
    if audience.principal:
        return audience.principal == principal.name
    if audience.organisation:
        return audience.organisation == principal.organisation
    return audience.line == principal.line


def _opens_footage(opening: Opening, from_ms: int, window: tuple[int, int] | None) -> bool:
    if window is None:
        return True
    start_ms, end_ms = window
    if start_ms < max(opening.window[0], from_ms) or end_ms > opening.window[1]:
        return False
    return opening.hours is None or covers(opening.hours, opening.time_zone, start_ms, end_ms)


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
