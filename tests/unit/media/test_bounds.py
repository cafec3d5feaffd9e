"""However a camera stamps what it sends, little of it is held."""

import tracemalloc
from collections.abc import Sequence

import pytest

from services.ingest.media.muxer import Muxed, Muxer
from tests.unit.media.feed import START_MS, Feed
from tests.unit.media.samples import Unit, clip, sound

FRAME = 3600  # 25 a second in 90 kHz
MB = 1 << 20


def size(samples: Sequence[bytes]) -> int:
    return sum(map(len, samples))


def test_pictures_whose_stamps_hardly_go_on_are_cut_by_their_size() -> None:
    mux = Muxer()
    picture = bytes(100_000)
    cut = [muxed for i in range(200) if (muxed := mux.video(picture, i, i, FRAME, i == 0))]
    rest = mux.close()
    assert rest is not None
    assert all(4 * MB <= size(muxed.samples) < 4 * MB + len(picture) for muxed in cut)
    assert sum(len(muxed.samples) for muxed in (*cut, rest)) == 200
    assert [muxed.independent for muxed in (*cut, rest)] == [True, False, False, False, False]


def test_many_tiny_pictures_are_not_held_together() -> None:
    mux = Muxer()
    held = longest = 0
    for i in range(100_000):
        held = 1 if mux.video(b"\0", i, i, FRAME, i == 0) else held + 1
        longest = max(longest, held)
    assert longest < 20_000


def test_fragments_of_large_pictures_are_shorter_and_join_as_others_do() -> None:
    feed = Feed()
    pictures = clip(seconds=8, gop=50)
    feed.stream.on_tracks(pictures.video, None)
    large = [Unit(bytes(MB // 2), unit.pts, unit.key) for unit in pictures.units]
    feed.play(type(pictures)(pictures.video, tuple(large)))
    feed.stream.finish()

    init, fragments = feed.session.init, feed.session.fragments
    assert max(fragment.duration_ms for fragment in fragments) < 500 <= init.part_target_ms
    assert [f.start_ms for f in fragments[1:]] == [f.end_ms for f in fragments[:-1]]
    assert (fragments[0].start_ms, fragments[-1].end_ms) == (START_MS, START_MS + 8000)
    assert [f.start_ms for f in fragments if f.independent] == [START_MS + 2000 * i for i in range(4)]
    assert [f.start_ms for f in fragments if f.part == 0] == [START_MS + 2000 * i for i in range(4)]
    assert sorted((f.segment, f.part) for f in fragments) == [(f.segment, f.part) for f in fragments]


def audio_in(muxed: Muxed | None) -> int:
    assert muxed is not None
    return size(muxed.samples) - len(b"one")


def test_audio_without_pictures_is_dropped() -> None:
    mux = Muxer(sample_rate=8000)
    mux.video(b"one", 0, 0, FRAME, True)
    for i in range(100_000):
        mux.audio(bytes(100), i * 1024, 1024)
    assert audio_in(mux.close()) == 100 * 16  # of two seconds and a picture, in frames of 128 ms


def test_audio_whose_stamps_hardly_go_on_is_dropped_by_its_size() -> None:
    mux = Muxer(sample_rate=8000)
    mux.video(b"one", 0, 0, FRAME, True)
    for i in range(2000):
        mux.audio(bytes(8000), i, 1)
    assert MB * 9 // 10 < audio_in(mux.close()) <= MB


def test_audio_is_taken_again_once_pictures_come() -> None:
    mux = Muxer(sample_rate=8000)
    mux.video(b"one", 0, 0, FRAME, True)
    for i in range(100):
        mux.audio(b"early", i * 1024, 1024)
    assert mux.video(b"two", 900_000, 900_000, FRAME, True) is not None
    mux.audio(b"frame", 80_000, 1024)
    muxed = mux.close()
    assert muxed is not None
    assert muxed.samples == [b"two", b"frame"]


@pytest.mark.parametrize(("length", "count"), [(10_000, 5_000), (0, 150_000)])
def test_audio_beside_a_picture_that_is_held_is_dropped_once_it_is_much(length: int, count: int) -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, sound("aac").track)
    first, second, *_ = clip().units
    tracemalloc.start()
    feed.stream.on_video(first.data, first.pts, first.key)
    for i in range(count):
        feed.stream.on_audio(bytes(length), i * 1024)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 12 * MB

    feed.clock.ms += 40
    feed.stream.on_video(second.data, second.pts, second.key)
    feed.stream.finish()
    assert not feed.collected.failures
    assert feed.session.fragments[0].start_ms == START_MS
