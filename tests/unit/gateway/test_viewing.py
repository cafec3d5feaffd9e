"""What is counted of a ticket's use, and who may watch with it."""

import pytest

from services.gateway.viewing.measure import REMEMBERED, Measure
from services.gateway.viewing.viewers import MOST_REFUSED_TOLD, Viewers
from snowlight.errors import PermissionDeniedError


def test_a_segment_that_is_sent_again_soon_is_watched_once() -> None:
    measure = Measure()
    assert not measure
    for segment in (1, 2, 1, 3, 2, 3):
        measure.watched(segment, 2_000)
        measure.sent(10)
    assert measure.take(all_of_it=True) == (6_000, 60)
    assert not measure
    measure.watched(3, 2_000)  # the memory outlives a report
    assert measure.take(all_of_it=True) == (0, 0)
    for segment in range(100, 100 + REMEMBERED):
        measure.watched(segment, 0)
    measure.watched(3, 2_000)  # gone back to, much later: watched again
    assert measure.take(all_of_it=True) == (2_000, 0)


def test_parts_of_a_second_are_told_in_the_next_report() -> None:
    measure = Measure()
    told = 0
    for segment in range(7):
        measure.watched(segment, 1_920)
        watched_ms, _ = measure.take(all_of_it=False)
        assert watched_ms % 1000 == 0
        told += watched_ms
    rest, _ = measure.take(all_of_it=True)
    assert told + rest == 7 * 1_920
    assert rest < 1_000


def test_a_newcomer_waits_until_somebody_leaves() -> None:
    viewers = Viewers(2)
    assert viewers.admit("192.0.2.1", "a", 0)
    assert viewers.admit("192.0.2.1", "b", 5)  # another player
    assert not viewers.admit("192.0.2.1", "a", 6)
    for at in (6.0, 14.0):
        with pytest.raises(PermissionDeniedError, match=r"ticket\.too_many_viewers"):
            viewers.admit("192.0.2.2", "a", at)
    assert viewers.told() == ["192.0.2.2"]  # once, however often they ask
    assert viewers.told() == []
    assert not viewers.admit("192.0.2.1", "a", 19)
    assert viewers.admit("192.0.2.2", "a", 20)  # b was last seen 15 s ago
    assert len(viewers.now(20)) == 2


def test_auth_s_word_refuses_who_was_let_in() -> None:
    viewers = Viewers(3)
    viewers.admit("192.0.2.1", "a", 0)
    viewers.admit("192.0.2.2", "a", 1)
    second = viewers.now(1)[1].id
    viewers.refuse({second}, 2)
    assert [one.id for one in viewers.now(3)] != [second]
    for at in (3.0, 14.0, 16.0):
        assert not viewers.admit("192.0.2.1", "a", at)
        with pytest.raises(PermissionDeniedError):
            viewers.admit("192.0.2.2", "a", at)
    assert viewers.admit("192.0.2.2", "a", 17)  # let in, to be counted once more


def test_a_crowd_is_bounded_in_memory_and_in_the_audit() -> None:
    viewers = Viewers(1)
    viewers.admit("192.0.2.1", "a", 0)
    for number in range(10_000):
        with pytest.raises(PermissionDeniedError):
            viewers.admit("198.51.100.1", f"agent {number}", 1)
    assert len(viewers.told()) == MOST_REFUSED_TOLD
    assert len(viewers.now(1)) == 1
