"""The way of a camera's audio into a mux session: whether it is declared, as what, and at which time."""

from collections.abc import Iterator

from services.ingest.media.audio import AAC_FRAME, G711Encoder
from services.ingest.media.init_section import AudioEntry
from services.ingest.media.sample_entry import audio_sample_entry
from services.ingest.sources.source import AudioTrack, TrackKind

_STEP_MS = 1000.0
_LONGEST_JUMP_MS = 300.0
_SILENCE_MS = 3000.0


class AudioPath:
    """Audio is laid beside the video by the camera's sender reports, or by arrival where there are none."""

    def __init__(self) -> None:
        self.track: AudioTrack | None = None
        self.declared = False
        """The open mux session has an audio track."""
        self.reports: dict[TrackKind, tuple[int, int]] = {}
        """The last sender report of each track: (ms since 1970 by the camera's clock, pts)."""
        self.jumped = False
        """The stamps jumped in the open mux session: it takes no more audio."""
        self._arrival_ms = 0.0
        self._pts = 0
        self._origin_ms: float | None = None  # wall time of PTS 0, by the least delayed arrival
        self._encoder: G711Encoder | None = None
        self._zero = 0
        self._last = -1

    def observe(self, pts: int, arrival_ms: float) -> bool:
        """A unit came. True if its stamp jumped: those before it tell nothing about what follows."""
        assert self.track is not None
        origin = arrival_ms - pts * 1000 / self.track.clock_rate
        step_ms = (pts - self._pts) * 1000 / self.track.clock_rate
        elapsed_ms = arrival_ms - self._arrival_ms
        self._pts, self._arrival_ms = pts, arrival_ms
        jumped = (
            self._origin_ms is not None
            and not 0 <= step_ms <= _LONGEST_JUMP_MS  # else it goes on, however late it arrived
            and abs(step_ms - elapsed_ms) > _LONGEST_JUMP_MS
        )
        if jumped:
            self.jumped = True
            self.reports.pop("audio", None)
        if (
            jumped
            or self._origin_ms is None
            or origin < self._origin_ms
            or origin > self._origin_ms + _STEP_MS
        ):
            self._origin_ms = origin
        return jumped

    def present(self, now_ms: float) -> bool:
        """Audio has come, lately enough to be declared."""
        return self._origin_ms is not None and now_ms - self._arrival_ms <= _SILENCE_MS

    def begin(self, now_ms: float) -> AudioEntry | None:
        """Of a session that begins; None when it is to have no audio."""
        self.declared = self.present(now_ms)
        self._encoder = None
        self.jumped = False
        if not self.declared:
            return None
        track = self.track
        assert track is not None
        if track.codec == "aac":
            return AudioEntry(
                audio_sample_entry(track.clock_rate, track.channels, track.config), track.clock_rate
            )
        self._encoder = G711Encoder(track.codec, track.clock_rate, track.channels)
        return AudioEntry(
            audio_sample_entry(track.clock_rate, track.channels, self._encoder.config), track.clock_rate
        )

    def align(self, first_video_ms: float, first_video_pts: int, video_rate: int, delay_ms: float) -> None:
        """The session's first picture was captured at `first_video_ms` and is shown `delay_ms` after 0."""
        if not self.declared:
            return
        track, origin_ms = self.track, self._origin_ms
        assert track is not None and origin_ms is not None
        rate = track.clock_rate
        zero = (first_video_ms - origin_ms) * rate / 1000
        if len(self.reports) == 2:
            video_ntp, video_pts = self.reports["video"]
            audio_ntp, audio_pts = self.reports["audio"]
            camera_ms = video_ntp + (first_video_pts - video_pts) * 1000 / video_rate
            told = audio_pts + (camera_ms - audio_ntp) * rate / 1000
            if abs(told - zero) <= rate * _STEP_MS / 1000:  # else the camera's two clocks do not agree
                zero = told
        self._zero = round(zero - delay_ms * rate / 1000)
        self._last = -1
        if self._encoder is not None:
            self._encoder.begin(self._zero)

    def frames(self, data: bytes, pts: int) -> Iterator[tuple[bytes, int, int]]:
        """(AAC frame, time, duration) in samples from the session's start, strictly increasing."""
        if self.jumped:
            return iter(())
        if self._encoder is None:
            encoded: Iterator[tuple[bytes, int, int]] = iter(((data, pts, AAC_FRAME),))
        else:
            encoded = self._encoder.encode(data, pts)
        return self._timed(encoded)

    def flush(self) -> Iterator[tuple[bytes, int, int]]:
        """What the encoder still holds, at the end of a session."""
        return self._timed(self._encoder.flush()) if self._encoder is not None else iter(())

    def _timed(self, encoded: Iterator[tuple[bytes, int, int]]) -> Iterator[tuple[bytes, int, int]]:
        for frame, sample, duration in encoded:
            time = sample - self._zero
            if time > self._last:
                self._last = time
                yield frame, time, duration
