"""Fields of consents and grants, checked. Every refusal names the field."""

import re
import secrets
from collections.abc import Collection, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.consent.model import DAY_MS, Hours
from services.auth.decision import FOOTAGE, PICTURES
from services.auth.messages import to_ms
from services.auth.validation import check_id, invalid
from snowlight.errors import AbortedError, InvalidArgumentError, NotFoundError

MAX_REASON = 1000
MAX_REFERENCE = 200
MAX_CAMERAS = 50
LONGEST_WINDOW_MS = 31 * DAY_MS

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def new_id(now_ms: int) -> str:
    """Later ones sort behind earlier ones."""
    return f"{now_ms:012x}{secrets.token_hex(6)}"


def id_of(name: str, collection: str) -> str:
    """The id in "{collection}/{id}". Raises InvalidArgumentError("name")."""
    prefix, _, found = name.partition("/")
    if prefix != collection:
        raise invalid("name", f'must be "{collection}/{{id}}"')
    return check_id(found, "name")


def not_found(kind: str) -> NotFoundError:
    """There is none, or none that the caller may know of."""
    return NotFoundError(f"{kind}.unknown", f"there is no such {kind.replace('_', ' ')}", field="name")


def changed_meanwhile(kind: str) -> AbortedError:
    """Somebody else was first."""
    return AbortedError(f"{kind}.changed", "somebody else changed it meanwhile: read it again")


def check_actions(actions: Sequence[str], allowed: Collection[str] = PICTURES) -> tuple[str, ...]:
    """At least one of `allowed`, each once, in a fixed order."""
    if not actions:
        raise InvalidArgumentError("request.required", "actions is required", field="actions")
    for position, action in enumerate(actions):
        if action not in allowed:
            raise InvalidArgumentError(
                "request.action_unknown",
                f"an action must be one of {', '.join(sorted(allowed))}",
                field=f"actions[{position}]",
            )
    return tuple(sorted({str(action) for action in actions}))


def check_camera_uids(uids: Sequence[str], most: int = MAX_CAMERAS) -> list[str]:
    """One camera to `most`, each once."""
    if not uids:
        raise InvalidArgumentError("request.required", "camera_uids is required", field="camera_uids")
    if len(uids) > most:
        raise invalid("camera_uids", f"must be at most {most}")
    return sorted({check_id(uid, f"camera_uids[{position}]") for position, uid in enumerate(uids)})


def check_hours(hours_from: str, hours_to: str) -> Hours | None:
    """ "22:00" to "06:00"; None for neither."""
    if not hours_from and not hours_to:
        return None
    minutes = []
    for text, field in ((hours_from, "hours_from"), (hours_to, "hours_to")):
        match = _CLOCK.fullmatch(text)
        if match is None:
            raise invalid(field, "must be a time of the day like 22:00; leave both out for the whole day")
        minutes.append(int(match[1]) * 60 + int(match[2]))
    if minutes[0] == minutes[1]:
        raise invalid("hours_to", "must be another time than hours_from; leave both out for the whole day")
    return Hours(*minutes)


def check_end(end: Timestamp | None, now_ms: int, longest_ms: int, field: str = "end_time") -> int:
    """An instant to come, and within `longest_ms`."""
    if end is None:
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    end_ms = to_ms(end, field)
    if end_ms <= now_ms:
        raise invalid(field, "must lie in the future")
    if end_ms > now_ms + longest_ms:
        raise InvalidArgumentError(
            "request.past_maximum", f"{field} must be within {longest_ms // DAY_MS} days", field=field
        )
    return end_ms


def check_duration(duration_s: int, longest_s: int, default_s: int = 0) -> int:
    """Seconds, up to `longest_s`; 0 means `default_s`, and is refused without one."""
    if duration_s == 0 and default_s:
        return default_s
    if duration_s <= 0:
        raise invalid("duration_s", "must be positive")
    if duration_s > longest_s:
        raise InvalidArgumentError(
            "request.past_maximum", f"duration_s must be at most {longest_s}", field="duration_s"
        )
    return duration_s


def check_footage_window(
    start: Timestamp | None, end: Timestamp | None, actions: Collection[str], now_ms: int, ahead_ms: int
) -> tuple[int, int]:
    """The window that playback and export need, and nothing else has: then (0, 0).

    `ahead_ms`: how far in the future it may end, ms.
    """
    if not FOOTAGE & set(actions):
        for given, field in ((start, "window_start"), (end, "window_end")):
            if given is not None:
                raise invalid(field, "is for playback and export alone")
        return 0, 0
    if start is None:
        raise InvalidArgumentError("request.required", "window_start is required", field="window_start")
    if end is None:
        raise InvalidArgumentError("request.required", "window_end is required", field="window_end")
    start_ms, end_ms = to_ms(start, "window_start"), to_ms(end, "window_end")
    if end_ms <= start_ms:
        raise invalid("window_end", "must be after window_start")
    if end_ms - start_ms > LONGEST_WINDOW_MS:
        raise InvalidArgumentError(
            "request.past_maximum", "the window may be 31 days at most", field="window_end"
        )
    if end_ms > now_ms + ahead_ms:
        raise invalid("window_end", "lies further ahead than the grant can last")
    return start_ms, end_ms
