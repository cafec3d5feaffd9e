"""Hours of the day in which a consent opens footage, in a time zone with and without summer time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.auth.consent.in_force import covers
from services.auth.consent.model import Hours

NIGHT, DAY = Hours(22 * 60, 6 * 60), Hours(8 * 60, 18 * 60)


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "start", "end", "open_"),
    [
        (NIGHT, "2026-11-26T22:00", "2026-11-27T06:00", True),
        (NIGHT, "2026-11-26T21:59", "2026-11-26T23:00", False),
        (NIGHT, "2026-11-27T05:00", "2026-11-27T06:01", False),
        (NIGHT, "2026-11-27T00:30", "2026-11-27T00:31", True),
        (NIGHT, "2026-11-26T23:00", "2026-11-27T23:00", False),
        (NIGHT, "2026-11-26T22:00", "2026-12-26T06:00", False),
        (DAY, "2026-11-26T08:00", "2026-11-26T18:00", True),
        (DAY, "2026-11-26T07:59", "2026-11-26T09:00", False),
        (DAY, "2026-11-26T17:00", "2026-11-27T09:00", False),
    ],
)
def test_footage_lies_within_the_hours_of_its_days(hours: Hours, start: str, end: str, open_: bool) -> None:
    assert covers(hours, "Asia/Shanghai", at(start), at(end)) is open_


def test_the_last_instant_of_a_window_is_not_in_it() -> None:
    assert covers(NIGHT, "Asia/Shanghai", at("2026-11-27T05:59"), at("2026-11-27T06:00"))
    assert not covers(NIGHT, "Asia/Shanghai", at("2026-11-27T05:59"), at("2026-11-27T06:00") + 1)


def test_a_night_is_an_hour_longer_when_the_clock_is_put_back() -> None:
    zone = "Europe/Berlin"
    assert covers(NIGHT, zone, at("2026-10-24T22:00", zone), at("2026-10-25T06:00", zone))
    assert not covers(NIGHT, zone, at("2026-10-24T22:00", zone), at("2026-10-25T06:01", zone))
