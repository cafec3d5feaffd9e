"""What ingest asks of a camera's source, whatever protocol it speaks.

A source is opened and run once; a reconnect is a new source:

    services.ingest.sources.opening.open_source(
        url, credentials: Credentials | None, *, audio: bool, network: SourceNetwork,
        media_dir: Path | None, rounds: ReadRounds, settings: SourceSettings = SourceSettings()) -> Source

All sink calls come from the event loop that runs the source, in the stream's own order:

    on_tracks  (on_parameter_sets | on_video | on_audio | on_loss | on_received | on_sender_report)*

The sink reads its own clock: a call is made when the last byte of the unit is read, which is the arrival
time, or for RTSP over TCP up to 0.1 s later (services.ingest.sources.rtsp.client.rounds).
"""

import ipaddress
from dataclasses import dataclass
from typing import Literal, Protocol

from snowlight.errors import UnavailableError

VideoCodec = Literal["h264", "h265"]
AudioCodec = Literal[
    "aac",
    "pcma",
    "pcmu",
    "g722",
    "g726-16",
    "g726-24",
    "g726-32",
    "g726-40",
    "aal2-g726-16",
    "aal2-g726-24",
    "aal2-g726-32",
    "aal2-g726-40",
]
"""As SDP names them. AAL2 differs in which bits of a byte come first (RFC 3551, 4.5.4)."""
TrackKind = Literal["video", "audio"]
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """`parameter_sets`: NAL units without lengths in the order VPS, SPS, PPS; empty if not yet known."""

    codec: VideoCodec
    clock_rate: int
    parameter_sets: tuple[bytes, ...]
    arrival_ms: float = 0.0
    """How exactly arrivals are known: a unit may have come so much earlier than it is told."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """`config`: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) for AAC, empty for all others.

    `clock_rate` is the sampling rate, of G.722 too: 16,000, though its RTP clock has 8,000 (RFC 3551, 4.5.2).
    """

    codec: AudioCodec
    clock_rate: int
    channels: int
    config: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the camera asks for. The password is left out of `repr`, so it reaches no log by accident."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Patience with a camera, in seconds, and how much of one unit is buffered, in bytes."""

    connect_timeout: float = 5.0
    response_timeout: float = 10.0
    silence_timeout: float = 10.0
    max_access_unit: int = 8 << 20


class AccessUnitSink(Protocol):
    """Receives one camera's media. Calls must return quickly: they run inside the socket's wake."""

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        """Once, before anything else. `audio` is None when it is not wanted, not offered or not carried."""

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        """A complete in-band set that differs from the known one, before the first unit it applies to."""

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        """One access unit without parameter sets and delimiters, each NAL unit behind its length in 4 bytes.

        This is how samples of MP4 have it (ISO/IEC 14496-15, 4.3.2).
        `pts` counts in `clock_rate` from an arbitrary start and does not wrap.
        `key`: decoding may start here. `arrival_ms`: when it came, ms since 1970 UTC, if that is not now.
        """

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        """One raw AAC frame, or one packet's samples as they are coded.

        `pts` counts in the audio track's `clock_rate`. `arrival_ms`: as of video.
        """

    def on_loss(self, packets: int) -> None:
        """`packets` video packets never came; the unit they belong to is dropped."""

    def on_received(self, packets: int) -> None:
        """`packets` more video packets came. Told every few seconds, by sources that know."""

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        """RTCP SR (RFC 3550, 6.4.1): by the camera's own clock, `pts` was captured at `ntp_ms`, UTC."""


class Source(Protocol):
    """One connection to one camera."""

    async def run(self, sink: AccessUnitSink) -> None:
        """Feed `sink` until the source ends (returns) or fails (SourceError).

        Cancellation closes the connection cleanly.
        """


class SourceError(UnavailableError):
    """The camera cannot be played. `code` is stable; `detail` is a sentence for people, without credentials.

    camera.unreachable           refused, no route, or the name does not resolve
    camera.host_denied           the address lies outside the allowed source networks
    camera.certificate_untrusted no authority that is trusted vouches for the server's name
    camera.timeout               accepts and says nothing, or falls silent
    camera.auth_failed           wrong or missing credentials
    camera.not_found             the camera does not know this path
    camera.protocol_error        what the camera says breaks the protocol, or is more than a camera has to say
    camera.protocol_unsupported  a scheme or transport that is not carried
    camera.codec_unsupported     a video codec that is not carried
    camera.no_video              the stream offers no video
    camera.closed                the camera closed the connection
    camera.not_published         a camera that publishes has not connected
    camera.file_denied           the file is outside `media_dir` or cannot be read
    """
