"""What can be wrong with a simulated camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """The misbehaviour of one camera; the default is a healthy one. Durations are in seconds.

    silent: takes the connection and requests, answers nothing.
    no_key_frame: sends every access unit but the key frames.
    no_parameter_sets: neither the SDP nor the stream carries SPS, PPS or VPS.
    unsupported_codec: the SDP calls the video by this encoding name instead, such as "MP4V-ES" or "JPEG".
    garbage: bytes that are no interleaved frame (and hold no "$") stand between the interleaved frames.
    packet_loss: every Nth RTP packet is missing, 0 for none.
    redirect_to: DESCRIBE is answered with 302 to this path of the same server, "" for none.
    close_every: closes the connection this long after it was opened, 0 for never.
    mute_after: sends nothing any more this long after PLAY, but keeps the connection, 0 for never.
    late_audio: audio begins this long after PLAY.
    resolution_change: alternates between the full picture and half of it, each for so many seconds;
        an even divisor of 60, 0 for never.
    """

    silent: bool = False
    no_key_frame: bool = False
    no_parameter_sets: bool = False
    unsupported_codec: str = ""
    garbage: bool = False
    packet_loss: int = 0
    redirect_to: str = ""
    close_every: float = 0.0
    mute_after: float = 0.0
    late_audio: float = 0.0
    resolution_change: int = 0

    def __post_init__(self) -> None:
        if self.resolution_change and (self.resolution_change % 2 or 60 % (2 * self.resolution_change)):
            raise ValueError(
                f"resolution_change must be even and divide 30 seconds, not {self.resolution_change}"
            )
