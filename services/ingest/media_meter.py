"""What a stream is made of, as measured."""

from collections.abc import Callable

from services.ingest.observer import MediaInfo
from snowlight.media.fragment import Fragment, InitSection


class MediaMeter:
    """Tells `tell` at the start of each mux session, and again after each `interval_s` of it."""

    def __init__(self, tell: Callable[[MediaInfo], None], interval_s: float) -> None:
        self._tell = tell
        self._interval_ms = interval_s * 1000
        self._init: InitSection | None = None
        self._frames_per_second = 0.0
        self._bytes = 0
        self._ms = 0
        self._due = False

    def begin(self, init: InitSection, frames_per_second: float) -> None:
        """A mux session begins."""
        self._init = init
        self._frames_per_second = frames_per_second
        self._bytes = self._ms = 0
        self._due = True

    def add(self, fragment: Fragment) -> None:
        """The session's next fragment."""
        self._bytes += fragment.size
        self._ms += fragment.duration_ms
        if self._due or self._ms >= self._interval_ms:
            self._tell(self._measured())
            self._due = False
            self._bytes = self._ms = 0

    def _measured(self) -> MediaInfo:
        init = self._init
        assert init is not None
        video, _, audio = init.codecs.partition(",")
        return MediaInfo(
            video_codec="h264" if video.startswith("avc1") else "h265",
            width=init.width,
            height=init.height,
            frames_per_second=round(self._frames_per_second, 3),
            audio_codec="aac" if audio else "",
            codecs=init.codecs,
            bits_per_second=self._bytes * 8000 // self._ms,
        )
