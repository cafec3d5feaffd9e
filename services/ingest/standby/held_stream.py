"""A camera's newest pictures, held until somebody records them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

from services.ingest.media.held import Unit
from services.ingest.sources.source import AccessUnitSink, AudioTrack, TrackKind, VideoTrack

HELD_MS = 20_000.0
"""The other worker goes on to its next key frame, and key frames may be ten seconds apart."""
HELD_BYTES = 8 << 20
_UNIT_BYTES = 256
"""What the record of a unit takes beside its bytes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where another worker's footage of a camera ended, ms since 1970 UTC."""

    end_ms: int
    early_ms: int = 0
    """How much earlier a picture may be said to have come here that it does not have: clocks differ, and
    so do the ways of packets."""


class HeldStream:
    """The AccessUnitSink of a connection, which passes on to another one from a key frame of before on."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        """`now_ms`: the wall clock of arrivals."""
        self._now_ms = now_ms
        self._units: deque[Unit] = deque()  # begins on a key frame
        self._bytes = 0
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._reports: dict[TrackKind, tuple[int, int]] = {}
        self._lost = 0
        self._sink: AccessUnitSink | None = None

    @property
    def holds_picture(self) -> bool:
        """There is a key frame, and all that it takes to decode it."""
        return bool(self._units) and self._video is not None and bool(self._video.parameter_sets)

    def pass_on(self, sink: AccessUnitSink, ending: Ending) -> None:
        """Give `sink` what is held from the key frame on that comes next after `ending`, and from now on all
        that comes. Where that key frame has not come yet, `sink` gets no picture before it.
        """
        self._drop_before(ending)
        if self._video is not None:
            sink.on_tracks(self._video, self._audio)
        for track, report in self._reports.items():
            sink.on_sender_report(track, *report)
        if self._lost:
            sink.on_loss(self._lost)
        for unit in self._units:
            if unit.video:
                sink.on_video(unit.data, unit.pts, unit.key, unit.arrival_ms)
            else:
                sink.on_audio(unit.data, unit.pts, unit.arrival_ms)
        self._clear()
        self._sink = sink

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self._video, self._audio = video, audio
        if self._sink is not None:
            self._sink.on_tracks(video, audio)

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        if self._sink is not None:
            self._sink.on_parameter_sets(parameter_sets)
        elif self._video is not None:
            self._clear()  # these belong to parameter sets that are no longer in force
            self._video = replace(self._video, parameter_sets=parameter_sets)

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        if self._sink is not None:
            self._sink.on_video(data, pts, key, arrival_ms)
        elif key or self._units:
            self._hold(Unit(True, data, pts, key, self._now_ms()))

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        if self._sink is not None:
            self._sink.on_audio(data, pts, arrival_ms)
        elif self._units:
            self._hold(Unit(False, data, pts, False, self._now_ms()))

    def on_loss(self, packets: int) -> None:
        if self._sink is not None:
            self._sink.on_loss(packets)
        elif self._units:
            self._lost += packets

    def on_received(self, packets: int) -> None:
        if self._sink is not None:
            self._sink.on_received(packets)

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        if self._sink is not None:
            self._sink.on_sender_report(track, ntp_ms, pts)
        else:
            self._reports[track] = (ntp_ms, pts)

    def _hold(self, unit: Unit) -> None:
        self._units.append(unit)
        self._bytes += len(unit.data) + _UNIT_BYTES
        if self._bytes > HELD_BYTES or (unit.key and unit.arrival_ms - self._units[0].arrival_ms > HELD_MS):
            self._drop(self._second_key_frame())

    def _second_key_frame(self) -> int:
        """Where it is; the end where there is none: a GOP that is too large is of no use without its head."""
        return next((at for at, unit in enumerate(self._units) if at and unit.key), len(self._units))

    def _drop_before(self, ending: Ending) -> None:
        """Begin with the key frame at the end, or with the first one after it."""
        later = [
            (abs(unit.arrival_ms - ending.end_ms), at)
            for at, unit in enumerate(self._units)
            if unit.key and unit.arrival_ms >= ending.end_ms - ending.early_ms
        ]
        self._drop(min(later)[1] if later else len(self._units))

    def _drop(self, count: int) -> None:
        """Drop so many of the oldest."""
        self._bytes -= sum(len(unit.data) + _UNIT_BYTES for unit in islice(self._units, count))
        for _ in range(count):
            self._units.popleft()

    def _clear(self) -> None:
        self._units.clear()
        self._bytes = self._lost = 0
