"""Where on the wall clock a mux session begins that follows another one at once."""

import pytest

from services.ingest.recorded import Recorded
from tests.unit.media.feed import START_MS, Feed
from tests.unit.media.samples import clip


def test_a_session_after_a_stepped_clock_begins_no_earlier_than_the_one_before_ends() -> None:
    """A camera's pictures come over a second early, and the key frame that begins anew only half a second."""
    feed = Feed()
    pictures = clip(seconds=4, gop=50)
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures)
    for index, unit in enumerate(pictures.units):
        early_ms = min(index * 40, 1200) if index < 50 else 500
        feed.clock.ms = max(feed.clock.ms, START_MS + 4000 + index * 40 - early_ms)
        feed.stream.on_video(unit.data, unit.pts + 4 * 90_000, unit.key)
    feed.stream.finish()

    assert feed.collected.reasons == ["clock stepped"]
    before, after = feed.collected.sessions
    assert before.fragments[-1].end_ms == START_MS + 6000
    assert after.fragments[0].start_ms == before.fragments[-1].end_ms


@pytest.mark.parametrize("early_ms", [0.4, 0.6, 999.6, 1000.0, 1000.4, 1000.6, 3000.0])
def test_what_is_recorded_of_a_session_that_begins_early_overlaps_nothing_before(early_ms: float) -> None:
    end_ms = START_MS + 10_000
    recorded = Recorded()
    recorded.add(START_MS, end_ms)
    feed = Feed(not_before_ms=end_ms)
    feed.clock.ms = end_ms - early_ms
    pictures = clip(seconds=6, gop=25)
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures)
    feed.stream.finish()
    kept = []
    for fragment in feed.session.fragments:
        if not recorded.is_taken(fragment.start_ms, fragment.end_ms):
            recorded.add(fragment.start_ms, fragment.end_ms)
            kept.append(fragment)
    assert kept
    assert kept[0].start_ms >= end_ms
