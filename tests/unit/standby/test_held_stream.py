"""A camera's newest pictures, held until somebody records them."""

from collections.abc import Sequence

import pytest

from services.ingest.media.clock import WallClock
from services.ingest.media.held import StreamSettings
from services.ingest.media.init_section import InitSections
from services.ingest.media.numbering import Numbering
from services.ingest.media.stream import MediaStream
from services.ingest.media.transcoders import Transcoders
from services.ingest.sources.source import VideoTrack
from services.ingest.standby.held_stream import HELD_BYTES, HELD_MS, Ending, HeldStream
from tests.unit.media.feed import START_MS, Collected, HandClock
from tests.unit.media.samples import TICKS, clip
from tests.unit.sources.recorder import Recorder

TRACK = VideoTrack("h264", 90_000, (b"sps", b"pps"))
GOP_MS = 2000
PICTURE_MS = 40


class Camera:
    """Sends a picture each 40 ms, a key frame each 2 s; `data` says which."""

    def __init__(self, size: int = 100) -> None:
        self.now_ms = 0.0
        self.held = HeldStream(lambda: self.now_ms)
        self._size = size

    def send(self, until_ms: float, *, gop_ms: int = GOP_MS) -> None:
        while self.now_ms < until_ms:
            key = self.now_ms % gop_ms == 0
            self.held.on_video(bytes(self._size), int(self.now_ms), key)
            self.now_ms += PICTURE_MS


def passed_on(camera: Camera, end_ms: int, early_ms: int = 500) -> Sequence[tuple[int, bool]]:
    """(time, whether it is a key frame) of the pictures that a sink gets of before."""
    sink = Recorder()
    camera.held.pass_on(sink, Ending(end_ms, early_ms))
    assert sink.events[0] == "tracks"
    return [(pts, key) for _, pts, key in sink.video]


def test_it_begins_on_a_key_frame() -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.now_ms = 1000
    camera.send(2000)
    assert not camera.held.holds_picture
    camera.send(2040)
    assert camera.held.holds_picture


@pytest.mark.parametrize(("end_ms", "first"), [(4000, 4000), (4100, 4000), (3700, 4000), (5000, 6000)])
def test_what_is_passed_on_begins_with_the_key_frame_at_the_end(end_ms: int, first: int) -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.send(7000)
    pictures = passed_on(camera, end_ms)
    assert pictures[0] == (first, True)
    assert pictures[-1][0] == 6960


def test_nothing_is_passed_on_of_before_an_end_that_is_only_guessed() -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.send(7000)
    assert passed_on(camera, 4001, early_ms=0)[0] == (6000, True)


def test_what_comes_later_follows_without_a_pause() -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.send(4400)
    sink = Recorder()
    camera.held.pass_on(sink, Ending(5000))
    assert sink.video == []
    camera.send(4480)
    assert [pts for _, pts, _ in sink.video] == [4400, 4440]


def test_it_holds_no_more_than_some_seconds() -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.send(2 * HELD_MS)
    held = passed_on(camera, 0)
    assert HELD_MS - GOP_MS <= camera.now_ms - held[0][0] <= HELD_MS + GOP_MS


def test_it_holds_no_more_than_some_megabytes() -> None:
    camera = Camera(size=HELD_BYTES // 150)
    camera.held.on_tracks(TRACK, None)
    camera.send(10_000)
    assert HELD_BYTES // 2 < len(passed_on(camera, 0)) * (HELD_BYTES // 150) <= HELD_BYTES


def test_a_gop_that_is_too_large_is_not_held_without_its_head() -> None:
    camera = Camera(size=HELD_BYTES // 10)
    camera.held.on_tracks(TRACK, None)
    camera.send(1000)
    assert not camera.held.holds_picture
    camera.send(2040)
    assert camera.held.holds_picture


def test_pictures_of_other_parameter_sets_are_dropped() -> None:
    camera = Camera()
    camera.held.on_tracks(TRACK, None)
    camera.send(2000)
    camera.held.on_parameter_sets((b"other", b"pps"))
    camera.send(2400)
    sink = Recorder()
    camera.held.pass_on(sink, Ending(0))
    assert sink.tracks[0][0].parameter_sets == (b"other", b"pps")
    assert sink.video[0][1:] == (2000, True)


@pytest.mark.parametrize("late_ms", [-300, 0, 80])
def test_footage_goes_on_where_the_other_one_ended(late_ms: int) -> None:
    """`late_ms`: after the other worker, by its own clock, this one gets each picture."""
    film = clip("h264", seconds=8, gop=50)
    clock = HandClock()
    wall = WallClock(clock, lambda: 0)
    held = HeldStream(wall.now_ms)
    held.on_tracks(film.video, None)
    for number, unit in enumerate(film.units):
        clock.ms = START_MS + number * PICTURE_MS + late_ms
        held.on_video(unit.data, unit.pts, unit.key)
    keys = [unit.pts for unit in film.units if unit.key]
    end_ms = START_MS + keys[1] * PICTURE_MS // TICKS
    collected = Collected()
    stream = MediaStream(
        wall, InitSections(), Numbering(), collected, StreamSettings(), Transcoders(), end_ms
    )
    held.pass_on(stream, Ending(end_ms, early_ms=500))
    stream.finish()
    (session,) = collected.sessions
    first, pictures = session.fragments[0], sum(fragment.pictures for fragment in session.fragments)
    assert first.independent
    assert first.start_ms - end_ms == max(0, late_ms)
    assert pictures == sum(unit.pts >= keys[1] for unit in film.units)
