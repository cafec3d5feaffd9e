"""Which key frame a tile of a scrub sheet shows, and when two sheets are the same."""

from dataclasses import replace

import pytest

from services.gateway.snapshot.plan import MOST_READ, SCRUB, KeyFrame, Layout, key_frame_before, plan_sheet
from services.gateway.snapshot.track import cues
from snowlight.media.preview import LAPSE_MS, SHEET_MS, LapseKey, SheetKey
from tests.unit.gateway.test_pieces import recording

START_MS = 1_764_230_400_000


def starts(tiles: tuple[KeyFrame | None, ...]) -> list[int | None]:
    """When each tile's picture was taken, s after the sheet's start."""
    return [(tile.start_ms - START_MS) // 1000 if tile else None for tile in tiles]


def test_a_tile_shows_the_last_key_frame_at_or_before_its_middle() -> None:
    minute = recording(START_MS, [500] * 120, key_every=4)
    sheet = plan_sheet("c", START_MS, [minute])
    assert len(sheet.tiles) == 60
    assert starts(sheet.tiles) == [4, 14, 24, 34, 44, 54] + [None] * 54


def test_one_group_of_pictures_of_half_a_minute_fills_all_its_tiles() -> None:
    minute = recording(START_MS, [500] * 60, key_every=1000)
    assert starts(plan_sheet("c", START_MS, [minute]).tiles) == [0, 0, 0] + [None] * 57


def test_what_was_recorded_beside_the_middle_is_shown_where_the_middle_was_not() -> None:
    ends_early = recording(START_MS, [500] * 8, key_every=4)
    begins_late = recording(START_MS + 19_000, [500] * 2, key_every=4, sequence=2)
    assert starts(plan_sheet("c", START_MS, [ends_early, begins_late]).tiles)[:3] == [2, 19, None]


def test_without_a_key_frame_there_is_no_picture() -> None:
    torn = replace(recording(START_MS, [500] * 20, key_every=4), independent=bytes(20))
    assert starts(plan_sheet("c", START_MS, [torn]).tiles) == [None] * 60
    assert key_frame_before([torn], START_MS + 5_000) is None


def test_of_footage_recorded_twice_the_newer_is_shown() -> None:
    older = recording(START_MS, [500] * 60, key_every=4)
    newer = recording(START_MS + 14_500, [500] * 60, key_every=4, sequence=2)
    assert starts(plan_sheet("c", START_MS, [older, newer]).tiles)[:5] == [4, 14, 24, 34, 42]


def test_of_a_fragment_of_any_size_its_beginning_is_read() -> None:
    key_frame = KeyFrame(recording(START_MS, [500] * 4, key_every=4), 0)
    assert key_frame.size == 1000
    huge = replace(key_frame.recording, sizes=[10**9] * 4)
    assert KeyFrame(huge, 0).size == MOST_READ


@pytest.mark.parametrize(
    ("begin_s", "end_s", "shown"),
    [(0, 600, [4, 14, 24, 34]), (14, 30, [14, 24]), (15, 24, []), (4, 5, [4]), (24, 25, [24])],
)
def test_outside_a_window_nothing_is_shown(begin_s: int, end_s: int, shown: list[int]) -> None:
    sheet = plan_sheet("c", START_MS, [recording(START_MS, [500] * 80, key_every=4)])
    inside = sheet.within(START_MS + begin_s * 1000, START_MS + end_s * 1000)
    assert [each for each in starts(inside.tiles) if each is not None] == shown
    assert (inside == sheet) == (begin_s == 0)


def test_a_picture_of_the_window_stands_in_no_tile_beside_it() -> None:
    sheet = plan_sheet("c", START_MS, [recording(START_MS, [500] * 60, key_every=1000)])
    assert starts(sheet.within(START_MS, START_MS + SCRUB.tile_ms).tiles) == [0] + [None] * 59


def test_a_version_tells_what_is_shown_and_not_where_it_lies() -> None:
    minute = recording(START_MS, [500] * 120, key_every=4)
    later = recording(START_MS + 60_000, [500] * 120, key_every=4, sequence=2)
    sheet = plan_sheet("c", START_MS, [minute])
    committed = replace(minute, store="default")
    assert plan_sheet("c", START_MS, [committed]).version == sheet.version
    assert plan_sheet("c", START_MS, [minute, later]).version != sheet.version
    assert plan_sheet("c", START_MS, [replace(minute, epoch=2)]).version != sheet.version
    assert plan_sheet("c", START_MS, []).version != sheet.version


def test_a_sheet_lies_in_the_one_store_of_its_footage() -> None:
    minute = replace(recording(START_MS, [500] * 120, key_every=4), store="a")
    later = replace(recording(START_MS + 60_000, [500] * 120, key_every=4, sequence=2), store="a")
    assert plan_sheet("c", START_MS, [minute, later]).store == "a"
    assert plan_sheet("c", START_MS, [minute, replace(later, store="b")]).store is None
    assert plan_sheet("c", START_MS, [minute, replace(later, store=None)]).store is None
    assert plan_sheet("c", START_MS, []).store is None


def test_a_key_names_camera_day_time_and_version() -> None:
    key = SheetKey("c", START_MS, "0123456789abcdef")
    assert str(key) == "prv/c/20251127/1764230400-0123456789abcdef.jpg"
    assert SheetKey.parse(str(key)) == key
    assert key.end_ms == START_MS + SHEET_MS
    for other in ("rec/c/20251127/1764230400-0123456789abcdef.jpg", f"{key}.1", str(key).replace("f.", "g.")):
        with pytest.raises(ValueError, match="does not name"):
            SheetKey.parse(other)


def test_a_sheet_of_thumbnails_shows_a_picture_each_so_many_minutes() -> None:
    minute = recording(START_MS + 4 * 60_000, [500] * 240, key_every=4)
    sheet = plan_sheet("c", START_MS, [minute], Layout(LAPSE_MS, 600_000))
    assert len(sheet.tiles) == 24
    assert starts(sheet.tiles) == [300, *[None] * 23]
    assert sheet.version != plan_sheet("c", START_MS, [minute]).version
    assert starts(sheet.within(START_MS, START_MS + 300_001).tiles)[0] == 300
    assert starts(sheet.within(START_MS + 600_000, START_MS + LAPSE_MS).tiles)[0] is None


def test_a_key_of_thumbnails_names_how_far_they_are_apart() -> None:
    key = LapseKey("c", START_MS, 10, "0123456789abcdef")
    assert str(key) == "thm/c/20251127/1764230400-10-0123456789abcdef.jpg"
    assert LapseKey.parse(str(key)) == key
    assert key.end_ms == START_MS + LAPSE_MS
    for other in (
        str(SheetKey("c", START_MS, "0123456789abcdef")),
        f"{key}.1",
        str(key).replace("-10-", "-"),
    ):
        with pytest.raises(ValueError, match="does not name"):
            LapseKey.parse(other)


def test_a_cue_names_the_place_of_its_tile() -> None:
    sheet = plan_sheet("c", START_MS, [recording(START_MS + 120_000, [500] * 120, key_every=4)])
    first, *_, last = cues(sheet, START_MS - 3_600_000, START_MS + SHEET_MS)
    assert first == "\n01:02:00.000 --> 01:02:10.000\nsheet-1764230400.jpg#xywh=320,90,160,90\n"
    assert last == "\n01:02:50.000 --> 01:03:00.000\nsheet-1764230400.jpg#xywh=1120,90,160,90\n"
