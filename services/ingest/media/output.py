"""Where one camera's muxed media goes."""

from typing import Protocol

from services.ingest.sources.source import SourceError
from snowlight.media.fragment import Fragment, InitSection


class StreamOutput(Protocol):
    """Where a stream's fragments go."""

    def on_tracks(self) -> None:
        """The source knows what it will send."""

    def on_init(self, init: InitSection, frames_per_second: float) -> None:
        """A mux session begins. `target_duration_ms` is 0 while it is not known."""

    def on_fragment(self, fragment: Fragment) -> None:
        """The next fragment of the session."""

    def on_discontinuity(self, reason: str) -> None:
        """A new mux session follows within the connection."""

    def on_failure(self, error: SourceError) -> None:
        """The stream cannot be carried; nothing follows."""

    def on_loss(self, packets: int) -> None:
        """`packets` packets never came."""

    def on_received(self, packets: int) -> None:
        """`packets` more packets came."""

    def on_jitter(self, jitter_ms: float) -> None:
        """How far the arrivals of pictures wander (RFC 3550, 6.4.1), as of the last key frame."""

    def on_camera_clock(self, offset_ms: int) -> None:
        """The camera's own clock minus ours, as a sender report of the video tells."""
