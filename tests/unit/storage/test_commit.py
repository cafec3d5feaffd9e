"""Which late segments may still enter the index."""

from dataclasses import replace

from services.storage.index.commit import choose_late
from services.storage.ledger.gaps import merge_gaps
from services.storage.segment import LedgerGap, Segment

MINUTE = Segment("cam", 60_000, 60_000, 1, 1, "00000000", "default", 1, 1, 1, "avc1", b"", b"")


def test_a_late_segment_enters_where_nothing_is() -> None:
    taken = replace(MINUTE, start_ms=120_000, epoch=2)
    assert choose_late([MINUTE], [taken]) == [MINUTE]


def test_rounding_is_no_overlap() -> None:
    assert choose_late([MINUTE], [replace(MINUTE, start_ms=119_995, epoch=2)]) == [MINUTE]
    assert choose_late([MINUTE], [replace(MINUTE, start_ms=119_994, epoch=2)]) == []
    within = replace(MINUTE, start_ms=90_000, duration_ms=2)
    assert choose_late([within], [MINUTE]) == []


def test_of_late_segments_that_overlap_each_other_the_newer_epochs_enters() -> None:
    newer = replace(MINUTE, start_ms=90_000, epoch=2)
    assert choose_late([MINUTE, newer], []) == [newer]


def test_cameras_do_not_stand_in_each_others_way() -> None:
    other = replace(MINUTE, camera_uid="other")
    assert choose_late([MINUTE, other], []) == [MINUTE, other]


def test_a_gap_told_twice_in_one_call_is_one_and_stays_closed() -> None:
    told = [
        LedgerGap("cam", 5, 0, "network"),
        LedgerGap("cam", 5, 9, "network"),
        LedgerGap("cam", 5, 0, "network"),
    ]
    assert merge_gaps(told) == [LedgerGap("cam", 5, 9, "network")]
