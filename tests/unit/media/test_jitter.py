"""How far the arrivals of pictures wander is measured, beyond what reading in rounds explains."""

import dataclasses
from random import Random

import pytest

from services.ingest.media.jitter import InterarrivalJitter
from tests.unit.media.feed import Feed
from tests.unit.media.samples import clip


def jitter_of(arrivals_ms: list[float], *, resolution_ms: float = 0.0) -> float:
    jitter = InterarrivalJitter(resolution_ms)
    for number, arrival_ms in enumerate(arrivals_ms):
        jitter.observe(number * 40.0, arrival_ms)
    return jitter.ms


def test_arrivals_in_step_have_none() -> None:
    assert jitter_of([number * 40.0 + 7 for number in range(100)]) == 0


def test_it_is_the_mean_difference_smoothed_over_sixteen() -> None:
    """RFC 3550, A.8: J += (|D| - J) / 16."""
    assert jitter_of([0, 40 + 16]) == 1
    wandering = [number * 40.0 + number % 2 * 20 for number in range(400)]
    assert jitter_of(wandering) == pytest.approx(20, abs=0.1)


def test_rounds_alone_are_no_jitter_and_stalls_are() -> None:
    rounds = [(number * 40 // 100 + 1) * 100.0 for number in range(500)]
    assert jitter_of(rounds) > 30
    assert jitter_of(rounds, resolution_ms=100) == 0
    random = Random(1)
    stalling = [at + (random.random() < 0.2) * 600 for at in rounds]
    assert jitter_of(stalling, resolution_ms=100) > 50


def test_a_stream_tells_it_at_key_frames_and_a_jump_of_its_stamps_is_none() -> None:
    feed = Feed()
    feed.stream.on_tracks(dataclasses.replace(clip().video, arrival_ms=0.0), None)
    feed.play(clip())
    feed.play(clip(), pts=900 * 90_000)
    feed.stream.finish()
    assert len(feed.collected.sessions) == 2
    assert feed.collected.jitter_ms < 1
