"""Which parts of a camera's past an opening opens: what its window, its hours and its owner leave."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.auth.consent.in_force import covers, footage_within
from services.auth.consent.model import Audience, Hours, Opening, OpeningKind
from services.auth.model import CameraFacts, Ownership

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NIGHT, DAY = Hours(22 * 60, 6 * 60), Hours(8 * 60, 18 * 60)
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
HOME = CameraFacts("home", "371326101201", Ownership.HOUSEHOLD, "owner", listed_for_residents=False)


def opening(
    window: tuple[int, int],
    hours: Hours | None = None,
    zone: str = SHANGHAI,
    kind: OpeningKind = OpeningKind.CONSENT,
) -> Opening:
    return Opening(
        *("home", "c1", kind, "owner", Audience(principal="p1"), ("playback",)),
        *(window, hours, zone, 0, 10**13),
    )


def at(text: str, zone: str = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "parts"),
    [
        (0, 5000, [(1000, 2000)]),
        (1500, 1800, [(1500, 1800)]),
        (0, 1500, [(1000, 1500)]),
        (1500, 5000, [(1500, 2000)]),
        (0, 1000, []),
        (2000, 5000, []),
    ],
)
def test_it_is_what_range_and_window_share(start_ms: int, end_ms: int, parts: list[tuple[int, int]]) -> None:
    assert footage_within(opening((1000, 2000)), HOME, start_ms, end_ms) == parts


def test_a_grant_without_footage_opens_none() -> None:
    assert footage_within(opening((0, 0), kind=OpeningKind.CASE), HOME, 0, 10**12) == []


def test_a_consent_opens_nothing_from_before_its_owner_and_a_case_does() -> None:
    sold = replace(HOME, owner_ms=1600)
    assert footage_within(opening((1000, 2000)), sold, 0, 5000) == [(1600, 2000)]
    assert footage_within(opening((1000, 1600)), sold, 0, 5000) == []
    case = opening((1000, 2000), kind=OpeningKind.CASE)
    assert footage_within(case, sold, 0, 5000) == [(1000, 2000)]


def test_hours_are_those_of_each_day() -> None:
    window = (at("2026-11-25T23:00"), at("2026-11-28T02:00"))
    assert footage_within(opening(window, NIGHT), HOME, 0, 10**13) == [
        (at("2026-11-25T23:00"), at("2026-11-26T06:00")),
        (at("2026-11-26T22:00"), at("2026-11-27T06:00")),
        (at("2026-11-27T22:00"), at("2026-11-28T02:00")),
    ]
    assert footage_within(opening(window, DAY), HOME, at("2026-11-26T12:00"), at("2026-11-27T09:00")) == [
        (at("2026-11-26T12:00"), at("2026-11-26T18:00")),
        (at("2026-11-27T08:00"), at("2026-11-27T09:00")),
    ]
    assert footage_within(opening(window, DAY), HOME, at("2026-11-26T19:00"), at("2026-11-27T07:00")) == []


@pytest.mark.parametrize("hours", [NIGHT, DAY, Hours(2 * 60 + 30, 5 * 60), Hours(60, 2 * 60 + 30)])
@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 11, 25)])
def test_what_is_told_can_be_played_whatever_the_clock_does(hours: Hours, day: date) -> None:
    start_ms = at(f"{day}T12:00", BERLIN)
    end_ms = start_ms + 3 * DAY_MS
    parts = footage_within(opening((0, 10**13), hours, BERLIN), HOME, start_ms, end_ms)
    for minute_ms in range(start_ms, end_ms, 10 * MINUTE_MS):
        told = any(part[0] <= minute_ms < part[1] for part in parts)
        playable = covers(hours, BERLIN, minute_ms, minute_ms + MINUTE_MS)
        assert playable or not told, datetime.fromtimestamp(minute_ms / 1000, ZoneInfo(BERLIN))
        if day.month == 11:
            assert told == playable


def test_a_night_in_which_the_clock_is_put_back_is_told_whole() -> None:
    night = (at("2026-10-24T22:00", BERLIN), at("2026-10-25T06:00", BERLIN))
    assert night[1] - night[0] == 9 * HOUR_MS
    around = (at("2026-10-24T12:00", BERLIN), at("2026-10-25T12:00", BERLIN))
    assert footage_within(opening((0, 10**13), NIGHT, BERLIN), HOME, *around) == [night]


def test_a_month_of_nights_is_cheap_to_tell() -> None:
    first = datetime(2026, 10, 1, tzinfo=ZoneInfo(SHANGHAI))
    start_ms = round(first.timestamp() * 1000)
    end_ms = round((first + timedelta(days=31)).timestamp() * 1000)
    assert len(footage_within(opening((0, 10**13), NIGHT), HOME, start_ms, end_ms)) == 32
