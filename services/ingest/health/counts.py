"""What came of one camera's stream."""

from dataclasses import dataclass, field

from snowlight.media.fragment import Fragment


@dataclass(slots=True)
class StreamCounts:
    """Since ingest began. Sums only grow. Counting costs a few additions twice a second."""

    bytes: int = 0
    media_ms: int = 0
    pictures: int = 0
    received: int = 0
    """RTP packets of the video."""
    lost: int = 0
    is_coming: bool = False
    """Pictures come, as far as is known."""
    comings: int = 0
    """How often they began to."""
    gop_ms: int = 0
    """The last whole group of pictures: from one key frame to the next."""
    gop_pictures: int = 0
    last_key_ms: int | None = None
    """Capture time of the last key frame, ms since 1970 UTC."""
    jitter_ms: float | None = None
    clock_offset_ms: int | None = None
    """The camera's own clock minus ours."""
    _pictures_at_key: int | None = field(default=None, repr=False)
    """None until a key frame comes in the present mux session."""

    @property
    def reconnects(self) -> int:
        """How often pictures came again after they had stayed away."""
        return max(0, self.comings - 1)

    def come(self, *, is_coming: bool) -> None:
        """Pictures come, or do not."""
        self.comings += is_coming and not self.is_coming
        self.is_coming = is_coming

    def begin(self) -> None:
        """A mux session begins: no group of pictures reaches into it."""
        self._pictures_at_key = None

    def add(self, fragment: Fragment) -> None:
        """The next fragment of the mux session."""
        if fragment.independent:
            if self._pictures_at_key is not None and self.last_key_ms is not None:
                self.gop_ms = fragment.start_ms - self.last_key_ms
                self.gop_pictures = self.pictures - self._pictures_at_key
            self.last_key_ms, self._pictures_at_key = fragment.start_ms, self.pictures
        self.bytes += fragment.size
        self.media_ms += fragment.duration_ms
        self.pictures += fragment.pictures
