"""Sound stays with the picture for hours, whatever clock the camera samples it by and however it arrives."""

import struct
from collections.abc import Iterator
from math import ceil
from random import Random

import pytest

from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import clip, sound
from tests.unit.media.test_muxer import runs

HOUR_S = 3600
RATE = 8000
FRAME_S = 1024 / RATE
PREFIX = 32  # prft


class Network:
    """Carries everything in order and in rounds of 0.1 s, now and then after a stall."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._free_s = 0.0
        self._stall_s = 20.0

    def carry(self, at_s: float) -> float:
        """When what is sent at `at_s` arrives."""
        random = self._random
        if at_s > self._stall_s:
            self._free_s = at_s + random.uniform(0.5, 2.5)
            self._stall_s = at_s + random.uniform(5, 60)
        self._free_s = max(self._free_s, at_s + random.expovariate(20))
        return ceil(self._free_s * 10) / 10


def units(seconds: float, ppm: float, sound_late_s: float) -> Iterator[tuple[float, str, float, int]]:
    """(sent, track, captured, index), in the order sent; `ppm`: by how much too fast the sound's clock is."""
    frame_s = FRAME_S / (1 + ppm * 1e-6)
    pictures = [(i / 25, "video", i / 25, i) for i in range(round(seconds * 25))]
    frames = [(i * frame_s + sound_late_s, "audio", i * frame_s, i) for i in range(round(seconds / frame_s))]
    yield from sorted(pictures + frames)


def play(
    feed: Feed, *, ppm: float = 0, sound_late_s: float = 0, reports: bool = False, seed: int = 1
) -> None:
    """An hour. Each unit's bytes say when it was captured."""
    network = Network(seed)
    feed.stream.on_tracks(clip().video, sound("aac").track)
    report_s = 2.0
    for sent_s, track, captured_s, i in units(HOUR_S, ppm, sound_late_s):
        feed.clock.ms = START_MS + network.carry(sent_s) * 1000
        data = struct.pack(">d", captured_s)
        if track == "video":
            feed.stream.on_video(data, i * 3600, i % 50 == 0)
        else:
            feed.stream.on_audio(data, i * 1024)
        if reports and sent_s > report_s:
            report_s += 5
            at_ms = START_MS + round(sent_s * 1000)
            feed.stream.on_sender_report("video", at_ms, round(sent_s * 90_000))
            feed.stream.on_sender_report("audio", at_ms, round(sent_s * RATE * (1 + ppm * 1e-6)))
    feed.stream.finish()


def distances(session: MuxSession) -> Iterator[float]:
    """By how much each audio frame is heard later than the pictures of its time are seen, in seconds."""
    shown = None
    for fragment in session.fragments:
        tracks = runs(fragment.data[PREFIX:])
        decode_time, _, samples = tracks[1]
        if shown is None:
            shown = struct.unpack(">d", samples[0])[0] - decode_time / 90_000
        if 2 not in tracks:
            continue
        time, rows, samples = tracks[2]
        for (duration, *_), data in zip(rows, samples, strict=True):
            yield time / RATE - struct.unpack(">d", data)[0] + shown
            time += duration


@pytest.mark.parametrize("reports", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_jitter_and_stalls_are_no_drift(reports: bool, seed: int) -> None:
    feed = Feed()
    play(feed, reports=reports, sound_late_s=0.1, seed=seed)
    assert not feed.collected.reasons
    assert max(abs(distance) for distance in distances(feed.session)) < 0.25


@pytest.mark.parametrize("ppm", [300, -300])
@pytest.mark.parametrize("reports", [False, True])
def test_sound_that_drifts_is_laid_beside_the_picture_again(ppm: float, reports: bool) -> None:
    feed = Feed()
    play(feed, ppm=ppm, reports=reports)
    reasons = feed.collected.reasons
    assert set(reasons) == {"audio drifted"}
    assert 3 <= len(reasons) <= 6  # 1.08 s in all
    for session in feed.collected.sessions:
        assert max(abs(distance) for distance in distances(session)) < 0.25
    assert sum(fragment.duration_ms for s in feed.collected.sessions for fragment in s.fragments) == (
        pytest.approx(HOUR_S * 1000, abs=500)
    )


def test_reports_that_come_once_the_session_runs_move_the_sound_once() -> None:
    """Its arrival told nothing of how late the camera sends it."""
    feed = Feed()
    play(feed, sound_late_s=0.5, reports=True)
    assert feed.collected.reasons == ["audio drifted"]
    *_, last = feed.collected.sessions
    assert max(abs(distance) for distance in distances(last)) < 0.05
