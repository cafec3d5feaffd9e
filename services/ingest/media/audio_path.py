"""The way of a camera's audio into a mux session: whether it is declared, as what, and at which time."""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from services.ingest.media.init_section import REFUSALS, AudioEntry
from services.ingest.media.sample_entry import AAC_FRAME, TimedFrame, audio_sample_entry
from services.ingest.media.transcoders import Transcoders
from services.ingest.sources.carried_audio import frame_duration
from services.ingest.sources.source import AudioTrack, TrackKind

if TYPE_CHECKING:
    from services.ingest.media.audio import AacTranscoder

_STEP_MS: Final = 1000.0
_LONGEST_JUMP_MS: Final = 300.0
_SILENCE_MS: Final = 3000.0
_LONGEST_DRIFT_MS: Final = 200.0
_WINDOWS_OF_DRIFT: Final = 3
_STALE_REPORT_MS: Final = 60_000.0
_MOST_WAITING: Final = 64  # frames

log = structlog.get_logger(__name__)


class AudioPath:
    """Audio is laid beside the video by the camera's sender reports, or by arrival where there are none.

    Where the camera samples sound and pictures by two clocks, or loses sound untold, they drift apart. As in
    SessionClock the least delay of a window tells: late units tell of the network alone.
    """

    def __init__(self, transcoders: Transcoders) -> None:
        self.track: AudioTrack | None = None
        self.declared = False
        """The open mux session has an audio track."""
        self.reports: dict[TrackKind, tuple[int, int]] = {}
        """The last sender report of each track: (ms since 1970 by the camera's clock, pts)."""
        self.jumped = False
        """The stamps jumped in the open mux session: it takes no more audio."""
        self._transcoders = transcoders
        self._arrival_ms = 0.0
        self._pts = 0
        self._origin_ms: float | None = None  # wall time of PTS 0, by the least delayed arrival
        self._encoder: AacTranscoder | None = None
        self._least_ms = inf  # as `_origin_ms`, of the window that is open
        self._first_video_pts = 0
        self._video_rate = 1
        self._delay_ms = 0.0
        self._by_reports = False
        self._zero = 0
        self._last = -1
        self._drifts_ms: deque[float] = deque(maxlen=_WINDOWS_OF_DRIFT)
        self._waiting: list[TimedFrame] = []
        self._frame_duration = AAC_FRAME

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
            self._least_ms = inf
        if (
            jumped
            or self._origin_ms is None
            or origin < self._origin_ms
            or (origin > self._origin_ms + _STEP_MS and not self.declared)  # later the windows tell
        ):
            self._origin_ms = origin
        if origin < self._least_ms:
            self._least_ms = origin
        return jumped

    def end_window(self, first_video_ms: float) -> None:
        """A window is over, the same for sound and pictures.

        `first_video_ms`: when the session's first picture would have been captured, by the least delay of the
        pictures of that window.
        """
        least_ms, self._least_ms = self._least_ms, inf
        if not self.declared or self.jumped or least_ms == inf:
            self._drifts_ms.clear()
            return
        assert self.track is not None
        self._origin_ms = least_ms
        drift = self._place_of_start(first_video_ms, least_ms) - self._zero
        self._drifts_ms.append(drift * 1000 / self.track.clock_rate)

    def present(self, now_ms: float) -> bool:
        """Audio has come, lately enough to be declared."""
        return self._origin_ms is not None and now_ms - self._arrival_ms <= _SILENCE_MS

    def reason_to_restart(self, now_ms: float) -> str:
        """Why the open mux session should end; empty where it need not."""
        if self.declared != self.present(now_ms):
            return "audio fell silent" if self.declared else "audio arrived"
        if self.jumped and self.declared:
            return "audio timestamps jumped"
        drifts_ms = self._drifts_ms
        if len(drifts_ms) == _WINDOWS_OF_DRIFT and (
            min(drifts_ms) > _LONGEST_DRIFT_MS or max(drifts_ms) < -_LONGEST_DRIFT_MS
        ):
            return "audio drifted"
        return ""

    def begin(self, now_ms: float) -> AudioEntry | None:
        """Of a session that begins; None when it is to have no audio."""
        self.declared = self.present(now_ms)
        self._encoder = None
        self._waiting = []
        self.jumped = False
        self._drifts_ms.clear()
        if not self.declared:
            return None
        track = self.track
        assert track is not None
        config = track.config
        try:
            if track.codec == "aac":
                self._frame_duration = frame_duration(track)
            else:
                self._encoder = self._transcoders.open(track)
                config = self._encoder.config
            entry = audio_sample_entry(track.clock_rate, track.channels, config)
        except REFUSALS as error:
            self.refuse(error)
            return None
        return AudioEntry(entry, track.clock_rate)

    def refuse(self, error: Exception) -> None:
        """What the camera sends as audio cannot be carried: it is left out for good."""
        log.info("audio.refused", track=self.track, reason=str(error))
        self.track = self._encoder = self._origin_ms = None
        self.declared = False

    def align(self, first_video_ms: float, first_video_pts: int, video_rate: int, delay_ms: float) -> None:
        """The session's first picture was captured at `first_video_ms` and is shown `delay_ms` after 0."""
        if not self.declared:
            return
        assert self._origin_ms is not None
        self._first_video_pts, self._video_rate, self._delay_ms = first_video_pts, video_rate, delay_ms
        self._least_ms = inf
        self._zero = self._place_of_start(first_video_ms, self._origin_ms)
        self._last = -1
        if self._encoder is not None:
            self._encoder.begin(self._zero)

    def _place_of_start(self, first_video_ms: float, origin_ms: float) -> int:
        """Which PTS belongs to the session's time 0, by all that is known now."""
        track = self.track
        assert track is not None
        rate = track.clock_rate
        zero = (first_video_ms - origin_ms) * rate / 1000
        told = self._told_place(rate)
        # beyond that the camera's two clocks do not agree; the limit is wider for what was believed before
        limit_ms = _STEP_MS * 1.5 if self._by_reports else _STEP_MS
        self._by_reports = told is not None and abs(told - zero) <= rate * limit_ms / 1000
        if told is not None and self._by_reports:
            zero = told
        return round(zero - self._delay_ms * rate / 1000)

    def _told_place(self, rate: int) -> float | None:
        """The PTS captured together with the first picture, by sender reports; None without recent ones."""
        if len(self.reports) < 2:
            return None
        video_ntp, video_pts = self.reports["video"]
        audio_ntp, audio_pts = self.reports["audio"]
        age_ms = max((self._pts - audio_pts) * 1000 / rate, abs(video_ntp - audio_ntp))
        if age_ms > _STALE_REPORT_MS:
            return None
        camera_ms = video_ntp + (self._first_video_pts - video_pts) * 1000 / self._video_rate
        return audio_pts + (camera_ms - audio_ntp) * rate / 1000

    def add(self, data: bytes, pts: int) -> bool:
        """Take one more unit of the open mux session. True if enough wait for `frames`."""
        if self.jumped:
            return False
        if self._encoder is None:
            self._waiting.append((data, pts, self._frame_duration))
            return len(self._waiting) >= _MOST_WAITING
        self._encoder.add(data, pts)
        return self._encoder.ready >= _MOST_WAITING

    def frames(self) -> list[TimedFrame]:
        """All that waits, each time in samples from the session's start, strictly increasing."""
        if self._encoder is not None:
            return self._encoded(self._encoder.take)
        waiting, self._waiting = self._waiting, []
        return self._timed(waiting)

    def flush(self) -> list[TimedFrame]:
        """As `frames`, and what the encoder still holds: the session ends."""
        return self.frames() if self._encoder is None else self._encoded(self._encoder.finish)

    def _encoded(self, take: Callable[[], list[TimedFrame]]) -> list[TimedFrame]:
        try:
            return self._timed(take())
        except REFUSALS as error:
            self.refuse(error)
            return []

    def _timed(self, frames: list[TimedFrame]) -> list[TimedFrame]:
        timed: list[TimedFrame] = []
        for frame, sample, duration in frames:
            time = sample - self._zero
            if time > self._last:
                self._last = time
                timed.append((frame, time, duration))
        return timed
