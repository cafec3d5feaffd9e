"""Recorded objects become files that play from where they were asked to."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from services.storage.exports.rendering.exact import ExactCopying
from services.storage.exports.rendering.film import Copying
from tests.unit.storage.filmed import (
    FRAME_MS,
    GROUP,
    START_MS,
    film,
    job,
    looks,
    made,
    see,
    with_capture_times,
)

STREAMS = [
    pytest.param({}, id="h264"),
    pytest.param({"reordered": True}, id="h264 reordered"),
    pytest.param({"codec": "libx265"}, id="h265"),
    pytest.param({"codec": "libx265", "reordered": True}, id="h265 reordered"),
]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_copy_begins_with_the_key_frame_before_and_skips_gaps(
    stream: dict[str, Any], tmp_path: Path
) -> None:
    objects = [(0, film(4, **stream)), (4_000, film(2, first=100, **stream)), (16_000, film(2, **stream))]
    (file,) = made(Copying(job(tmp_path, 1_500, 17_000)), *objects)
    seen = see(tmp_path / file.path)
    expected = [*range(GROUP, 150), *range(GROUP)]
    extra = len(seen.numbers) - len(expected)  # what the last pictures are decoded from
    assert 0 <= extra <= (2 if stream.get("reordered") else 0)
    assert seen.numbers[: len(expected)] == [number % 60 for number in expected]
    assert seen.times_ms == [at * FRAME_MS for at in range(len(seen.numbers))]
    assert file.duration_ms == pytest.approx(seen.duration_ms, abs=1)
    assert file.duration_ms == len(seen.numbers) * FRAME_MS
    first, second = file.parts
    assert (first.start_ms, first.end_ms) == (START_MS + 1_000, START_MS + 6_000)
    assert (second.start_ms, second.offset_ms) == (START_MS + 16_000, 5_000)
    assert file.codecs.startswith("hvc1" if "codec" in stream else "avc1")
    assert file.reencoded == ()


@pytest.mark.parametrize("stream", STREAMS[:2])
def test_an_exact_cut_begins_and_ends_where_it_was_asked_to(stream: dict[str, Any], tmp_path: Path) -> None:
    objects = [(0, film(4, **stream)), (4_000, film(4, first=100, **stream))]
    (file,) = made(ExactCopying(job(tmp_path, 1_500, 6_650, exact=True)), *objects)
    seen = see(tmp_path / file.path)
    shown = range(1_500 // FRAME_MS, -(-6_650 // FRAME_MS))
    assert seen.numbers == [number % 60 for number in shown]
    assert (file.duration_ms, seen.duration_ms) == (5_150, 5_150)
    assert seen.times_ms[:3] == [0, 20, 60], "what was seen at the begin is seen from there"
    assert file.parts[0].start_ms == START_MS + 1_500
    assert file.parts[-1].end_ms == START_MS + 6_650
    assert file.reencoded[0].start_ms == START_MS + 1_500
    assert file.reencoded[0].end_ms == START_MS + 2_000, "the first group alone, and copies from there"
    assert len(file.reencoded) == (2 if stream else 1), "its last group is needed too where order changes"


@pytest.mark.parametrize("stream", [{"codec": "libx265"}, {"open_groups": True, "reordered": True}])
def test_what_suffers_no_graft_has_its_first_pictures_in_a_file_of_their_own(
    stream: dict[str, Any], tmp_path: Path
) -> None:
    head, rest = made(ExactCopying(job(tmp_path, 1_500, 6_000, exact=True)), (0, film(8, **stream)))
    first, second = see(tmp_path / head.path), see(tmp_path / rest.path)
    assert first.numbers == list(range(37, 50))
    assert head.codecs.startswith("avc1")
    assert (head.duration_ms, first.duration_ms) == (500, 500)
    assert second.numbers[:100] == [number % 60 for number in range(50, 150)]
    assert rest.parts[0].start_ms == START_MS + 2_000
    assert (len(head.reencoded), len(rest.reencoded)) == (1, 0)


def test_the_sound_goes_along_and_stays_in_step(tmp_path: Path) -> None:
    objects = [(0, film(4, sound=True)), (20_000, film(4, sound=True))]
    for exact, begin_ms in ((False, 1_000), (True, 1_500)):
        kind = ExactCopying if exact else Copying
        (file,) = made(kind(job(tmp_path, 1_500, 24_000, exact=exact)), *objects)
        seen = see(tmp_path / file.path)
        length_ms = 8_000 - begin_ms
        assert file.duration_ms == length_ms
        assert seen.sound_ms == pytest.approx(length_ms, abs=300)
        assert 0 <= seen.sound_begins_ms < 130, "it begins with the first whole frame of sound"
        assert file.codecs.endswith(",mp4a.40.2")


@pytest.mark.parametrize("full_range", [False, True])
def test_an_exact_cut_is_shown_alike_from_its_first_picture_to_its_last(
    full_range: bool, tmp_path: Path
) -> None:
    stream = film(4, pixel_shape=Fraction(2), full_range=full_range)
    (file,) = made(ExactCopying(job(tmp_path, 1_500, 3_500, exact=True)), (0, stream))
    assert file.reencoded
    assert set(looks(tmp_path / file.path)) == {(Fraction(2), full_range)}


def test_who_may_not_hear_gets_a_file_without_a_track_of_sound(tmp_path: Path) -> None:
    (file,) = made(Copying(job(tmp_path, 0, 4_000, silent=True)), (0, film(4, sound=True)))
    assert "mp4a" not in file.codecs
    assert see(tmp_path / file.path).sound_ms == 0


def test_when_pictures_were_captured_is_told_by_the_object_itself(tmp_path: Path) -> None:
    stamped = with_capture_times(film(4), START_MS + 700)
    (file,) = made(ExactCopying(job(tmp_path, 1_900, 3_900, exact=True)), (0, stamped))
    seen = see(tmp_path / file.path)
    assert seen.numbers == [number % 60 for number in range(30, 80)]
    assert file.parts[0].start_ms == START_MS + 1_900


def test_footage_before_or_behind_the_window_makes_no_file(tmp_path: Path) -> None:
    assert made(Copying(job(tmp_path, -9_000, -5_000)), (0, film(1))) == []
    assert made(ExactCopying(job(tmp_path, 5_000, 9_000, exact=True)), (0, film(1))) == []


def test_two_writers_of_one_time_are_shown_once(tmp_path: Path) -> None:
    (file,) = made(Copying(job(tmp_path, 0, 8_000)), (0, film(4)), (2_500, film(4, first=200)))
    seen = see(tmp_path / file.path)
    # Of the second, what begins with its first key frame after the first has ended: half a second later.
    assert seen.numbers == [number % 60 for number in [*range(100), *range(250, 300)]]
    assert seen.times_ms == [at * FRAME_MS + (500 if at >= 100 else 0) for at in range(150)]
