"""Session descriptions (RFC 4566) as cameras write them, down to the two tracks that ingest wants."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from services.ingest.sources.address import malformed_url
from services.ingest.sources.carried_audio import core_frequency, frame_duration, is_carried
from services.ingest.sources.rtp.aac import AuHeaderLayout
from services.ingest.sources.rtp.h264 import h264_parameter_sets
from services.ingest.sources.rtp.h265 import h265_parameter_sets
from services.ingest.sources.source import AudioCodec, AudioTrack, SourceError, VideoTrack

_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000)}  # RFC 3551, table 4
_SPEECH: dict[str, AudioCodec] = {
    "PCMA": "pcma",
    "PCMU": "pcmu",
    "G722": "g722",
    "G726-16": "g726-16",
    "G726-24": "g726-24",
    "G726-32": "g726-32",
    "G726-40": "g726-40",
    "AAL2-G726-16": "aal2-g726-16",
    "AAL2-G726-24": "aal2-g726-24",
    "AAL2-G726-32": "aal2-g726-32",
    "AAL2-G726-40": "aal2-g726-40",
}
_G722_CLOCK = 8000  # of 16,000 samples a second (RFC 3551, 4.5.2)
_VIDEO_CLOCK = 90_000  # RFC 6184, 8.2.1 and RFC 7798, 7.1 allow no other, whatever a camera writes
_MOST_SETS = 64  # of a parameter: each is read bit by bit, also for who has shown no key yet
# RFC 3640, 3.3.6: bits of an AU header's fields. Some cameras leave them out, or tell no size.
_HIGH_BIT_RATE = (("sizelength", (13, 0, None)), ("indexlength", (3, None)), ("indexdeltalength", (3, None)))


@dataclass(slots=True)
class MediaDescription:
    """One m= section: its first payload format, and the control attribute as written."""

    kind: str
    payload_type: int
    encoding: str = ""
    clock_rate: int = 0
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)
    control: str = ""


@dataclass(slots=True)
class SessionDescription:
    """`control` is the session's own, for aggregate requests (RFC 2326, C.1.1)."""

    control: str = ""
    media: list[MediaDescription] = field(default_factory=list)


def parse_session_description(text: str) -> SessionDescription:
    """Read what is understood and pass over the rest; never fails."""
    session = SessionDescription()
    media: MediaDescription | None = None
    for line in text.splitlines():
        kind, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if kind == "m":
            media = _media_line(value)
            if media:
                session.media.append(media)
        elif kind == "a":
            name, _, value = value.partition(":")
            if name == "control" and media is None and not session.media:
                session.control = value.strip()
            elif media is not None:
                _attribute(media, name, value.strip())
    return session


def _media_line(value: str) -> MediaDescription | None:
    words = value.split()
    payload_type = _number(words[3]) if len(words) > 3 else None
    if payload_type is None:
        return None
    encoding, clock_rate = _STATIC.get(payload_type, ("", 0))
    return MediaDescription(words[0].lower(), payload_type, encoding, clock_rate)


def _attribute(media: MediaDescription, name: str, value: str) -> None:
    if name == "control":
        media.control = value
        return
    payload_type, _, rest = value.partition(" ")
    if name not in ("rtpmap", "fmtp") or payload_type != str(media.payload_type):
        return
    if name == "rtpmap":
        encoding, *numbers = rest.strip().split("/")
        media.encoding = encoding.upper()
        media.clock_rate = (_number(numbers[0]) if numbers else None) or 0
        media.channels = (_number(numbers[1]) if len(numbers) > 1 else None) or 1
        return
    for parameter in rest.split(";"):
        key, _, content = parameter.strip().partition("=")
        if key:
            media.parameters[key.strip().lower()] = content.strip()


def resolve_control(base: str, control: str) -> str:
    """The URL of a control attribute (RFC 2326, C.1.1) as cameras mean it.

    A relative one is appended to the base, behind its query if it has one: "rtsp://h/cam?channel=1" and
    "trackID=0" are "rtsp://h/cam?channel=1/trackID=0", which no reading of RFC 3986 gives, and every
    camera expects. Raises SourceError camera.protocol_error for one that cannot be read.
    """
    if not control or control == "*":
        return base
    try:
        if urlsplit(control).scheme in ("rtsp", "rtspu", "rtsps"):
            return control
        if control.startswith("/"):
            return urljoin(base, control)
    except ValueError:
        raise malformed_url() from None
    if control.startswith("?") or base.endswith("/"):
        return base + control
    return f"{base}/{control}"


def choose_video(session: SessionDescription) -> tuple[MediaDescription, VideoTrack]:
    """The first video track that is carried.

    Raises SourceError camera.no_video, camera.codec_unsupported naming what is offered instead, or
    camera.protocol_error for more parameter sets than a stream has.
    """
    offered = [media for media in session.media if media.kind == "video"]
    if not offered:
        raise SourceError("camera.no_video", "the stream offers no video")
    for media in offered:
        if media.encoding == "H264":
            sets = h264_parameter_sets(_units(media, "sprop-parameter-sets")).complete()
            return media, VideoTrack("h264", _VIDEO_CLOCK, sets)
        if media.encoding in ("H265", "HEVC"):
            units = _units(media, "sprop-vps", "sprop-sps", "sprop-pps")
            return media, VideoTrack("h265", _VIDEO_CLOCK, h265_parameter_sets(units).complete())
    names = ", ".join(_encoding_name(media) for media in offered)
    raise SourceError("camera.codec_unsupported", f"the video is {names}; H.264 and H.265 are carried")


def choose_audio(session: SessionDescription) -> tuple[MediaDescription, AudioTrack] | None:
    """The first audio track that is carried, if there is one."""
    for media in session.media:
        track = _audio_track(media) if media.kind == "audio" else None
        if track is not None and is_carried(track):
            return media, track
    return None


def _audio_track(media: MediaDescription) -> AudioTrack | None:
    if media.encoding in _SPEECH:
        rate = media.clock_rate or 8000
        if media.encoding == "G722":  # some cameras say 16000, and count so
            rate = 2 * rate if rate == _G722_CLOCK else rate
        return AudioTrack(_SPEECH[media.encoding], rate, media.channels, b"")
    if media.encoding == "MPEG4-GENERIC" and _is_high_bit_rate(media):
        config = _hexadecimal(media.parameters.get("config", ""))
        if core_frequency(config):
            return AudioTrack("aac", media.clock_rate, media.channels, config)
    return None


def _is_high_bit_rate(media: MediaDescription) -> bool:
    """Whether the mode is AAC-hbr, with the field lengths that it has."""
    parameters = media.parameters
    return parameters.get("mode", "").lower() == "aac-hbr" and all(
        _number(parameters.get(name, "")) in lengths for name, lengths in _HIGH_BIT_RATE
    )


def samples_per_tick(media: MediaDescription, track: AudioTrack) -> int:
    """How many of the track's samples its RTP clock counts as one."""
    return track.clock_rate // (media.clock_rate or track.clock_rate)


def au_header_layout(media: MediaDescription, track: AudioTrack) -> AuHeaderLayout:
    """How an AAC track's AU headers are laid out."""
    return AuHeaderLayout(frame_duration=frame_duration(track))


def _units(media: MediaDescription, *names: str) -> list[bytes]:
    """NAL units in base64, separated by commas; some cameras leave start codes in."""
    units = []
    for name in names:
        texts = media.parameters.get(name, "").split(",", _MOST_SETS)
        if len(texts) > _MOST_SETS:
            raise SourceError("camera.protocol_error", f"the stream has over {_MOST_SETS} parameter sets")
        for text in texts:
            try:
                unit = base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
            except (binascii.Error, ValueError):
                continue
            unit = unit.removeprefix(b"\x00").removeprefix(b"\x00\x00\x01")
            if len(unit) > 2:
                units.append(unit)
    return units


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _encoding_name(media: MediaDescription) -> str:
    """What to call an unknown format, in characters that are fit for a message."""
    name = "".join(character for character in media.encoding if character.isalnum() or character in "-._")
    return name[:32] or f"RTP payload type {media.payload_type}"
