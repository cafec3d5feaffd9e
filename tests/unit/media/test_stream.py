"""Access units become fragments that play, each with its place on the wall clock."""

from itertools import pairwise

import pytest

from services.ingest.sources.source import VideoCodec
from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed
from tests.unit.media.samples import clip


@pytest.mark.parametrize(
    ("codec", "b_frames", "codecs"),
    [("h264", 0, "avc1."), ("h264", 2, "avc1."), ("h265", 0, "hvc1."), ("h265", 2, "hvc1.")],
)
def test_every_picture_is_decoded_again(codec: VideoCodec, b_frames: int, codecs: str) -> None:
    pictures = clip(codec, b_frames=b_frames)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures, pts=123_456)
    feed.stream.finish()

    assert not feed.collected.failures
    assert feed.session.init.codecs.startswith(codecs)
    assert (feed.session.init.width, feed.session.init.height) == (320, 180)
    with feed.session.open() as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(pictures.units)
    times = [frame.pts or 0 for frame in frames]
    assert {b - a for a, b in pairwise(times)} == {3600}


def test_fragments_join_on_the_wall_clock_and_in_the_media() -> None:
    pictures = clip(seconds=6)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures)
    feed.stream.finish()

    fragments = feed.session.fragments
    assert fragments[0].start_ms == START_MS
    assert fragments[-1].end_ms == START_MS + 6000
    decode_time = 0
    for fragment, following in zip(fragments, [*fragments[1:], None], strict=True):
        movie = boxes.parse_moof(fragment.data, 32)
        assert movie.decode_time == decode_time
        assert boxes.parse_prft(fragment.data) == fragment.start_ms
        assert fragment.independent == movie.independent
        assert fragment.duration_ms <= feed.session.init.part_target_ms
        assert following is None or fragment.end_ms == following.start_ms
        decode_time += movie.duration
    assert decode_time == 6 * 90_000
