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
    packet_reorder: every Nth RTP packet comes behind its successor, 0 for none.
    packet_duplicate: every Nth RTP packet comes twice, 0 for none.
    no_marker: no RTP packet bears the marker bit.
    no_rtcp: no sender reports.
    mid_gop_start: begins with whatever picture comes next, not with a key frame.
    annex_b: NAL units come with the start codes of a byte stream, and a key frame's as if they were one.
    giant_key_frames: every third key frame is so many bytes larger, by SEI.
    wrong_sdp: the SDP tells a clock rate, a profile and H.264 parameter sets that are not the stream's.
    timestamp_jump: the video's timestamps jump by so much, negative for back, `jump_after` PLAY.
    timestamp_wrap: the video's timestamps pass 2^32 this long after PLAY, 0 for when they come to it.
    drift_ppm: by how much the video's timestamps run fast, millionths.
    burst: holds back what it sends for so long, then sends it at once, again and again, 0 for never.
    stall: once, `stall_after` PLAY, stops in the middle of a frame and goes on so much later, 0 for never.
    write_size: so many bytes a write to the socket, 0 for all at once.
    redirect_to: DESCRIBE is answered with 302 to this path of the same server, "" for none.
    becomes: once a client has left, shows what the camera of this path does, "" for none.
    refuses_all: every request is answered 401 with another nonce.
    one_time_nonces: a nonce is good for one request.
    deaf: answers nothing any more after PLAY, and sends on.
    forgets_session: after so long of playing sends no more and knows the session no more, 0 for never.
    teardown_after: says TEARDOWN to its client this long after PLAY and sends no more, 0 for never.
    close_every: closes the connection this long after it was opened, 0 for never.
    mute_after: sends nothing any more this long after PLAY, but keeps the connection, 0 for never.
    mute_for: so long after it went mute it sends again, 0 for never.
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
    packet_reorder: int = 0
    packet_duplicate: int = 0
    no_marker: bool = False
    no_rtcp: bool = False
    mid_gop_start: bool = False
    annex_b: bool = False
    giant_key_frames: int = 0
    wrong_sdp: bool = False
    timestamp_jump: float = 0.0
    jump_after: float = 0.0
    timestamp_wrap: float = 0.0
    drift_ppm: int = 0
    burst: float = 0.0
    stall: float = 0.0
    stall_after: float = 0.0
    write_size: int = 0
    redirect_to: str = ""
    becomes: str = ""
    refuses_all: bool = False
    one_time_nonces: bool = False
    deaf: bool = False
    forgets_session: float = 0.0
    teardown_after: float = 0.0
    close_every: float = 0.0
    mute_after: float = 0.0
    mute_for: float = 0.0
    late_audio: float = 0.0
    resolution_change: int = 0

    def __post_init__(self) -> None:
        if self.resolution_change and (self.resolution_change % 2 or 60 % (2 * self.resolution_change)):
            raise ValueError(
                f"resolution_change must be even and divide 30 seconds, not {self.resolution_change}"
            )
