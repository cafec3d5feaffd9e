"""RFC 3339, read strictly."""

import pytest

from services.gateway.http.instants import parse_instant, parse_range
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant


@pytest.mark.parametrize(
    ("text", "instant_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01t08:00:00.123456789+08:00", 123),
        ("1969-12-31T23:59:59.999z", -1),
        ("2026-02-28T23:59:59-03:30", 1_772_335_799_000),
    ],
)
def test_instants_with_zone_are_read(text: str, instant_ms: int) -> None:
    assert parse_instant(text, "start") == instant_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00Z",
        "20260101T000000Z",
        "2026-01-01T00:00:00+0800",
        "2026-01-01T00:00:00.Z",
        "0000-01-01T00:00:00Z",
        "２026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_all_else_is_refused_by_the_fields_name(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        parse_instant(text, "start")
    assert raised.value.field == "start"


def test_an_instant_is_written_as_it_is_read() -> None:
    for instant_ms in (0, 1, 999, 1_795_319_659_007):
        assert parse_instant(format_instant(instant_ms), "x") == instant_ms


def test_a_range_is_bounded() -> None:
    day = 86_400_000
    assert parse_range("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", longest_ms=day) == (0, day)
    for start, end, field in (
        (None, "1970-01-02T00:00:00Z", "start"),
        ("1970-01-01T00:00:00Z", None, "end"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "end"),
        ("1970-01-01T00:00:00Z", "1970-01-02T00:00:01Z", "end"),
    ):
        with pytest.raises(InvalidArgumentError) as raised:
            parse_range(start, end, longest_ms=day)
        assert raised.value.field == field
