"""Weekly hours by the wall clock of the cameras' zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from snowlight.errors import InvalidArgumentError
from snowlight.schedule import Schedule

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> int:
    """`2026-11-23` is a Monday."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.mark.parametrize(
    ("schedule", "time", "scheduled"),
    [
        ("", "2026-11-23T03:00", True),
        ("mon-fri 08:00-18:00", "2026-11-23T08:00", True),
        ("mon-fri 08:00-18:00", "2026-11-23T07:59:59", False),
        ("mon-fri 08:00-18:00", "2026-11-23T18:00", False),
        ("mon-fri 08:00-18:00", "2026-11-22T12:00", False),
        ("mon-fri 08:00-18:00; sat,sun 00:00-24:00", "2026-11-22T23:59", True),
        ("fri 22:00-06:00", "2026-11-28T05:59", True),
        ("fri 22:00-06:00", "2026-11-28T06:00", False),
        ("sun 22:00-06:00", "2026-11-23T01:00", True),
        ("sat-mon 10:00-11:00", "2026-11-23T10:30", True),
        ("sat-mon 10:00-11:00", "2026-11-24T10:30", False),
    ],
)
def test_hours(schedule: str, time: str, scheduled: bool) -> None:
    assert Schedule.parse(schedule).is_scheduled(at(time), SHANGHAI) is scheduled


@pytest.mark.parametrize(
    "schedule",
    [
        "always",
        "mon",
        "mon 8-18",
        "xyz 08:00-18:00",
        "mon 25:00-26:00",
        "mon 08:00-08:00",
        "mon-xyz 08:00-09:00",
    ],
)
def test_what_is_no_schedule_is_refused_by_field(schedule: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Schedule.parse(schedule)
    assert caught.value.field == "schedule"
