"""Filters of lists of cameras find what they say, and say where they cannot be read."""

from __future__ import annotations

import pytest

from services.gateway.cameras.filter import LONGEST, MOST_TERMS
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError
from tests.unit.gateway.cameras_seen import Cameras


@pytest.fixture
def cameras() -> Cameras:
    cameras = Cameras()
    cameras.put("east", display_name="村口 East Gate", operator="Unicom", state=camera_pb2.ONLINE)
    cameras.put("west", display_name="West Gate", ownership=camera_pb2.HOUSEHOLD, state=camera_pb2.OFFLINE)
    cameras.put("school", display_name='学校 "一号"', camera_class=1, state=camera_pb2.OFFLINE)
    cameras.put("mill-2", display_name="AND", enabled=False, operator="unicom north")
    return cameras


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["east", "mill-2", "school", "west"]),
        ("   ", ["east", "mill-2", "school", "west"]),
        ("GATE", ["east", "west"]),
        ("gate 村口", ["east"]),
        ('"east gate"', ["east"]),
        ('"gate east"', []),
        ("mill-2", ["mill-2"]),
        ("-gate", ["mill-2", "school"]),
        ("NOT gate", ["mill-2", "school"]),
        ('"AND"', ["mill-2"]),
        (r'"\"一号\""', ["school"]),
        ("state=OFFLINE", ["school", "west"]),
        ("state != OFFLINE", ["east", "mill-2"]),
        ("state=OFFLINE AND gate", ["west"]),
        ("state=OFFLINE gate", ["west"]),
        ("state=ONLINE OR state=OFFLINE gate", ["east", "west"]),  # OR binds closer
        ("gate (state=ONLINE OR ownership=HOUSEHOLD) camera_class=2", ["east", "west"]),
        ("NOT (gate OR enabled=false)", ["school"]),
        ("camera_class=1", ["school"]),
        ("camera_class!=2", ["school"]),
        ("enabled=false", ["mill-2"]),
        ("ownership=HOUSEHOLD", ["west"]),
        ("operator=unicom", ["east"]),
        ("operator:UNICOM", ["east", "mill-2"]),
        ('operator=""', ["school", "west"]),
        ("display_name='west gate'", ["west"]),
        ("display_name:gate", ["east", "west"]),
        ("display_name:mill", []),
        ("state", []),
    ],
)
def test_what_a_filter_finds(cameras: Cameras, text: str, found: list[str]) -> None:
    assert cameras.names(filter=text) == found


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("colour=red", 1, "'colour'"),
        ("gate AND colour=red", 10, "'colour'"),
        ("cameras.state=ONLINE", 1, "'cameras.state'"),
        ('"state"=ONLINE', 1, "'state'"),
        ("state=BROKEN", 7, "'BROKEN'"),
        ("state=offline", 7, "'offline'"),
        ("state=CAMERA_STATE_UNSPECIFIED", 7, "not a value"),
        ("state:ONLINE", 6, ":"),
        ("camera_class=4", 14, "'4'"),
        ("camera_class<2", 13, "<"),
        ("enabled=yes", 9, "'yes'"),
        ("display_name>a", 13, ">"),
        ("state=", 7, "it ends"),
        ("state=(ONLINE)", 7, "'('"),
        ("gate AND", 9, "it ends"),
        ("OR gate", 1, "'OR'"),
        ("gate OR OR west", 9, "'OR'"),
        ("(gate", 6, '")"'),
        ("gate)", 5, "')'"),
        ("()", 2, "')'"),
        ('gate "east', 6, "no end"),
        ("gate !", 6, "'!'"),
        ("gate = = x", 8, "'='"),
        ("(" * 11 + "a" + ")" * 11, 12, "nested"),
    ],
)
def test_a_filter_that_cannot_be_read_is_told_where(
    cameras: Cameras, text: str, place: int, told: str
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        cameras.names(filter=text)
    assert refused.value.field == "filter"
    assert f"character {place}:" in refused.value.detail
    assert told in refused.value.detail


def test_a_filter_is_bounded(cameras: Cameras) -> None:
    for text in ("a" * (LONGEST + 1), "(" * LONGEST, "NOT " * 60, "\ud800"):
        with pytest.raises(InvalidArgumentError) as refused:
            cameras.names(filter=text)
        assert refused.value.field == "filter"
    for text in ("gate " * MOST_TERMS, "OR ".join(["gate "] * MOST_TERMS)):
        assert cameras.names(filter=text) == ["east", "west"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a " * 125, 41),
        ("-a " * 83, 61),
        (" OR ".join(["a"] * 50), 101),
        (" AND ".join(["a"] * 42), 121),
        ("(a) " * 62, 41),
        ("-(-(-(a)))" * 25, 51),
    ],
    ids=["words", "NOT", "OR", "AND", "parentheses", "NOT in parentheses"],
)
def test_a_filter_of_more_terms_than_anybody_needs_is_refused_where_they_begin(
    cameras: Cameras, text: str, place: int
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        cameras.names(filter=text)
    assert (refused.value.code, refused.value.field) == ("request.filter", "filter")
    assert refused.value.detail == f"filter, character {place}: there are more than {MOST_TERMS} terms"
