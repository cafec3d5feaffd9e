"""Hours of the day in which a consent opens footage, in a time zone with and without summer time."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.auth.consent.in_force import closes_ms, covers
from services.auth.consent.model import Audience, Hours, Opening, OpeningKind
from services.auth.decision import Action

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


@pytest.mark.parametrize(
    ("hours", "zone", "now", "end"),
    [
        (DAY, "Asia/Shanghai", "2026-11-26T08:00", "2026-11-26T18:00+08:00"),
        (DAY, "Asia/Shanghai", "2026-11-26T17:59:59.999", "2026-11-26T18:00+08:00"),
        (NIGHT, "Asia/Shanghai", "2026-11-26T22:00", "2026-11-27T06:00+08:00"),
        (NIGHT, "Asia/Shanghai", "2026-11-27T03:00", "2026-11-27T06:00+08:00"),
        (NIGHT, "Europe/Berlin", "2026-10-24T23:00", "2026-10-25T06:00+01:00"),
        (NIGHT, "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T06:00+02:00"),
        # The clock is put forward from 2 to 3, and never shows the end.
        (Hours(22 * 60, 2 * 60 + 30), "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T03:00+02:00"),
        # It is put back from 3 to 2, before the hours: they end by that.
        (Hours(2 * 60 + 30, 18 * 60), "Europe/Berlin", "2026-10-25T02:45", "2026-10-25T02:00+01:00"),
        # It shows the end twice: they end at the first.
        (Hours(22 * 60, 2 * 60 + 30), "Europe/Berlin", "2026-10-24T23:00", "2026-10-25T02:30+02:00"),
    ],
)
def test_what_opens_a_live_picture_closes_with_its_hours(hours: Hours, zone: str, now: str, end: str) -> None:
    last_ms = at("2027-01-01T00:00")
    opening = Opening(
        "home", "c1", OpeningKind.CONSENT, "", Audience(), ("live",), (0, 0), hours, zone, 0, last_ms
    )
    end_ms = round(datetime.fromisoformat(end).timestamp() * 1000)
    assert closes_ms(opening, Action.LIVE, at(now, zone)) == end_ms
    assert closes_ms(replace(opening, end_ms=end_ms - 1), Action.LIVE, at(now, zone)) == end_ms - 1
    assert closes_ms(opening, Action.PLAYBACK, at(now, zone)) == last_ms, "its hours are those of the footage"
