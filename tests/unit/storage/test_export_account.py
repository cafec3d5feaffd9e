"""Segments and gaps of an export make up its window, or it is read again."""

from dataclasses import replace

import pytest

from services.storage.cameras.camera import CameraRecord
from services.storage.exports.account import SPOOL_MS, account, may_come
from services.storage.ledger.timeline import Gap, Timeline
from services.storage.segment import DAY_MS, Segment
from services.storage.spans import Span
from snowlight.errors import UnavailableError

MINUTE_MS = 60_000
NOW_MS = 20_000 * DAY_MS
CAMERA = CameraRecord("cam", 0, NOW_MS - 20 * DAY_MS, None, "371326", 3, 1, 30, 30)


def minute(start_ms: int) -> Segment:
    codecs = "avc1.640028"
    return Segment("cam", start_ms, MINUTE_MS, 1, 0, "0a1b2c3d", "default", 7, 1, 800, codecs, bytes(32), b"")


def told(window: Span, segments: list[Segment], *gaps: Gap, camera: CameraRecord = CAMERA) -> list[Gap]:
    return list(account(window, segments, Timeline((), gaps), camera))


def test_a_hole_that_the_timeline_does_not_know_was_committed_meanwhile() -> None:
    at_ms = NOW_MS - DAY_MS
    window = Span(at_ms, at_ms + 3 * MINUTE_MS)
    with pytest.raises(UnavailableError, match="index_changed"):
        told(window, [minute(at_ms), minute(at_ms + 2 * MINUTE_MS)])


def test_a_gap_where_there_is_a_segment_was_lost_meanwhile() -> None:
    at_ms = NOW_MS - DAY_MS
    with pytest.raises(UnavailableError, match="index_changed"):
        told(
            Span(at_ms, at_ms + MINUTE_MS),
            [minute(at_ms)],
            Gap(at_ms, at_ms + MINUTE_MS, "lost_object"),
        )


def test_time_before_the_camera_was_registered_and_after_it_was_deleted() -> None:
    created_ms, deleted_ms = CAMERA.created_ms, CAMERA.created_ms + 2 * MINUTE_MS
    window = Span(created_ms - 5000, deleted_ms + 5000)
    gap = Gap(created_ms + MINUTE_MS, deleted_ms, "network")
    camera = replace(CAMERA, deleted_ms=deleted_ms)
    assert told(window, [minute(created_ms)], gap, camera=camera) == [
        Gap(created_ms - 5000, created_ms, "not_registered"),
        gap,
        Gap(deleted_ms, deleted_ms + 5000, "not_registered"),
    ]


def test_all_of_it_at_once() -> None:
    window = Span(CAMERA.created_ms - DAY_MS, NOW_MS - 9 * DAY_MS)
    expired = Gap(CAMERA.created_ms, NOW_MS - 10 * DAY_MS, "expired")
    gap = Gap(expired.end_ms, window.end_ms, "camera_offline")
    assert told(window, [], expired, gap) == [
        Gap(window.start_ms, CAMERA.created_ms, "not_registered"),
        expired,
        gap,
    ]


def test_only_young_gaps_without_a_cause_may_still_be_filled() -> None:
    at_ms = NOW_MS - SPOOL_MS
    assert may_come([Gap(at_ms - 5000, at_ms + 5000, "unknown")], NOW_MS)
    assert not may_come([Gap(at_ms - 5000, at_ms, "unknown")], NOW_MS)
    assert not may_come([Gap(at_ms, at_ms + 5000, "network")], NOW_MS)
    assert not may_come([Gap(at_ms, at_ms + 1000, "unknown")], NOW_MS)
