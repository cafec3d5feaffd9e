"""What a session tells about its camera. Calls come from the event loop and must be quick."""

from dataclasses import dataclass
from typing import Literal, Protocol

from snowlight.media.fragment import Fragment

SessionState = Literal["connecting", "online", "offline"]
GapCause = Literal["camera_offline", "auth_failed", "network", "spool_full", "store_outage", "schedule"]


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is being recorded, as measured."""

    video_codec: str
    """`h264` or `h265`."""
    width: int
    height: int
    frames_per_second: float
    audio_codec: str
    """`aac` once audio arrives, else empty."""
    codecs: str
    """RFC 6381, video first."""
    bits_per_second: int


class CameraObserver(Protocol):
    """One per camera. Times are ms since 1970 UTC. `on_recording` ends the gap that `on_gap_start` began.

    A gap may turn out to be shorter than the second from which the ledger counts it; the observer drops it.
    A session that is cancelled opens no gap: whoever ends it knows the cause, and
    `CameraSession.recorded_until_ms` where it begins.
    """

    def on_state(self, state: SessionState, reason: str, time_ms: int) -> None:
        """`reason` is empty, or "camera.auth_failed: 401 after Digest" as in `Camera.state_reason`."""

    def on_session(self, discontinuity_sequence: int) -> None:
        """A mux session begins, with this discontinuity sequence number (RFC 8216, 4.3.3.3)."""

    def on_media(self, media: MediaInfo) -> None:
        """At the start of each mux session, and about every half minute while it goes on."""

    def on_recording(self, start_ms: int) -> None:
        """Footage is in the spool again from `start_ms` on. The first call of a session too."""

    def on_gap_start(self, start_ms: int, cause: GapCause) -> None:
        """Nothing is recorded from `start_ms` on. A second call before `on_recording` changes the cause from
        then on.
        """

    def on_discontinuity(self, reason: str, time_ms: int) -> None:
        """A new mux session began within one connection: timestamps jumped, parameter sets changed, ..."""

    def on_loss(self, packets: int) -> None:
        """`packets` more RTP packets never came."""

    def on_received(self, packets: int) -> None:
        """`packets` more RTP packets came."""

    def on_jitter(self, jitter_ms: float) -> None:
        """How far the arrivals of pictures wander (RFC 3550, 6.4.1)."""

    def on_fragment(self, fragment: Fragment) -> None:
        """The next fragment of the mux session, recorded or not."""

    def on_camera_clock(self, offset_ms: int) -> None:
        """The camera's own clock (RTCP SR) minus ours."""
