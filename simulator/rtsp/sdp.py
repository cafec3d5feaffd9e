"""Session descriptions (RFC 4566) of a loop."""

import base64

from simulator.faults import Faults
from simulator.loop.elementary import AudioCodec, AudioTrack, Loop, VideoTrack
from simulator.loop.parameters import VideoCodec
from simulator.rtsp.packets import AAC_PAYLOAD_TYPE, PCMA_PAYLOAD_TYPE, VIDEO_CLOCK, VIDEO_PAYLOAD_TYPE

_WRONG_CLOCK = 8000
_WRONG_FORMAT = (
    "packetization-mode=1;profile-level-id=42001E;"
    "sprop-parameter-sets=Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY,aOvjyyLA"
)
"""A picture of 1920x1080."""


def describe(loop: Loop, title: str, faults: Faults) -> bytes:
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        f"s={title}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        *_video_lines(loop.video, faults),
        "a=control:trackID=0",
    ]
    if loop.audio is not None:
        lines += [*_audio_lines(loop.audio), "a=control:trackID=1"]
    return ("\r\n".join(lines) + "\r\n").encode()


def _video_lines(track: VideoTrack, faults: Faults) -> list[str]:
    number = VIDEO_PAYLOAD_TYPE
    clock = _WRONG_CLOCK if faults.wrong_sdp else VIDEO_CLOCK
    lines = [
        f"m=video 0 RTP/AVP {number}",
        f"a=rtpmap:{number} {faults.unsupported_codec or track.codec}/{clock}",
        f"a=framerate:{track.frame_rate}",
    ]
    if not faults.unsupported_codec:
        lines.append(f"a=fmtp:{number} {_video_format(track, faults)}")
    return lines


def _video_format(track: VideoTrack, faults: Faults) -> str:
    """Format parameters by RFC 6184, 8.1 and RFC 7798, 7.1."""
    if faults.wrong_sdp and track.codec is VideoCodec.H264:
        return _WRONG_FORMAT
    encoded = [base64.b64encode(unit).decode() for unit in track.parameter_sets]
    if track.codec is VideoCodec.H264:
        profile = track.parameter_sets[0][1:4].hex().upper()
        parameters = [f"packetization-mode=1;profile-level-id={profile}"]
        if not faults.no_parameter_sets:
            parameters.append(f"sprop-parameter-sets={','.join(encoded)}")
        return ";".join(parameters)
    if faults.no_parameter_sets:
        return "sprop-max-don-diff=0"
    return ";".join(f"sprop-{name}={unit}" for name, unit in zip(("vps", "sps", "pps"), encoded, strict=True))


def _audio_lines(track: AudioTrack) -> list[str]:
    """AAC by RFC 3640, 4.1; G.711 by RFC 3551, 6."""
    if track.codec is AudioCodec.PCMA:
        return [f"m=audio 0 RTP/AVP {PCMA_PAYLOAD_TYPE}", f"a=rtpmap:{PCMA_PAYLOAD_TYPE} PCMA/{track.rate}"]
    number = AAC_PAYLOAD_TYPE
    return [
        f"m=audio 0 RTP/AVP {number}",
        f"a=rtpmap:{number} MPEG4-GENERIC/{track.rate}/1",
        f"a=fmtp:{number} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
        f"indexdeltalength=3;config={track.config.hex().upper()}",
    ]
