"""A MediaStream fed by hand, on a clock that the test moves."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import av

from services.ingest.media.clock import WallClock
from services.ingest.media.held import StreamSettings
from services.ingest.media.init_section import InitSections
from services.ingest.media.numbering import Numbering
from services.ingest.media.stream import MediaStream
from services.ingest.media.transcoders import Transcoders
from services.ingest.sources.source import SourceError
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.samples import FPS, Clip, Sound

START_MS = 1_790_000_000_000


class HandClock:
    """Both clocks go on together, when told."""

    def __init__(self, now_ms: float = START_MS) -> None:
        self.ms = now_ms
        self.stepped_ms = 0.0

    def now_ms(self) -> int:
        return round(self.ms + self.stepped_ms)

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class MuxSession:
    init: InitSection
    fragments: list[Fragment] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return self.init.data + b"".join(fragment.data for fragment in self.fragments)

    def open(self) -> av.container.InputContainer:
        return av.open(io.BytesIO(self.data), "r", format="mp4")


class Collected:
    """StreamOutput that keeps everything."""

    def __init__(self) -> None:
        self.sessions: list[MuxSession] = []
        self.reasons: list[str] = []
        self.failures: list[SourceError] = []
        self.lost = 0
        self.jitter_ms = 0.0

    def on_tracks(self) -> None: ...

    def on_init(self, init: InitSection, frames_per_second: float) -> None:
        self.sessions.append(MuxSession(init))

    def on_fragment(self, fragment: Fragment) -> None:
        self.sessions[-1].fragments.append(fragment)

    def on_discontinuity(self, reason: str) -> None:
        self.reasons.append(reason)

    def on_failure(self, error: SourceError) -> None:
        self.failures.append(error)

    def on_loss(self, packets: int) -> None:
        self.lost += packets

    def on_received(self, packets: int) -> None: ...

    def on_jitter(self, jitter_ms: float) -> None:
        self.jitter_ms = jitter_ms

    def on_camera_clock(self, offset_ms: int) -> None: ...


class Feed:
    """Gives a stream its units at the time they would arrive."""

    def __init__(self, settle_ms: float = 1000, not_before_ms: int = 0) -> None:
        self.clock = HandClock()
        self.skew_ms = 0
        self.collected = Collected()
        self.stream = MediaStream(
            WallClock(self.clock, lambda: self.skew_ms),
            InitSections(),
            Numbering(),
            self.collected,
            StreamSettings(settle_ms),
            Transcoders(soon=lambda callback: callback()),
            not_before_ms,
        )

    @property
    def session(self) -> MuxSession:
        (session,) = self.collected.sessions
        return session

    def play(
        self,
        clip: Clip,
        sound: Sound | None = None,
        *,
        pts: int = 0,
        audio_late_ms: float = 0,
        audio_arrivals_ms: Sequence[float] = (),
        interval_ms: int = 1000 // FPS,
    ) -> None:
        """The whole clip in real time, its first unit now.

        `pts`: where the camera's stamps begin, in 90 kHz. `interval_ms`: from one picture to the next.
        `audio_arrivals_ms`: after the first picture, where the sound's stamps do not tell.
        """
        begin_ms = self.clock.ms
        slower = interval_ms * FPS // 1000
        events = [
            (begin_ms + i * interval_ms, "video", unit.data, unit.pts * slower + pts, unit.key)
            for i, unit in enumerate(clip.units)
        ]
        if sound is not None:
            rate = sound.track.clock_rate
            arrivals = audio_arrivals_ms or [
                stamp * 1000 / rate + audio_late_ms for _, stamp in sound.packets
            ]
            events += [
                (begin_ms + arrival, "audio", data, stamp + pts * rate // 90_000, False)
                for arrival, (data, stamp) in zip(arrivals, sound.packets, strict=True)
            ]
        for at_ms, kind, data, stamp, key in sorted(events, key=lambda event: event[0]):
            self.clock.ms = at_ms
            if kind == "video":
                self.stream.on_video(data, stamp, key)
            else:
                self.stream.on_audio(data, stamp)
        self.clock.ms = begin_ms + len(clip.units) * interval_ms
