"""FLV audio tags (FLV 10.1, E.4.2) of AAC and G.711."""

from services.ingest.sources.carried_audio import EXPLICIT_FREQUENCY, core_frequency, is_carried
from services.ingest.sources.source import AudioCodec, AudioTrack

_AAC = 10
_G711: dict[int, AudioCodec] = {7: "pcma", 8: "pcmu"}
_G711_RATE = 8000
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)  # by channelConfiguration (ISO/IEC 14496-3, table 1.19)


def read_track(data: bytes) -> AudioTrack | None:
    """The track that a tag announces: AAC by its sequence header, G.711 by any tag. None if it does not, or
    if the sound is not carried."""
    if len(data) < 2:
        return None
    if data[0] >> 4 == _AAC:
        track = _aac_track(data[2:]) if data[1] == 0 else None
    else:
        codec = _G711.get(data[0] >> 4)
        track = AudioTrack(codec, _G711_RATE, 1 + (data[0] & 1), b"") if codec is not None else None
    return track if track is not None and is_carried(track) else None


def read_frame(data: bytes, track: AudioTrack) -> bytes:
    """The frame in a tag of `track`; empty for one that is a header or another codec's."""
    if len(data) < 2:
        return b""
    if track.codec == "aac":
        return data[2:] if data[0] >> 4 == _AAC and data[1] == 1 else b""
    return data[1:] if _G711.get(data[0] >> 4) == track.codec else b""


def _aac_track(config: bytes) -> AudioTrack | None:
    """AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), of object types below 31."""
    bits = int.from_bytes(config[:5].ljust(5, b"\x00"), "big")
    rest = 3 if (bits >> 31) & 0x0F == EXPLICIT_FREQUENCY else 27
    frequency, channels = core_frequency(config), (bits >> rest) & 0x0F
    if not frequency or channels >= len(_CHANNELS):
        return None
    return AudioTrack("aac", frequency, _CHANNELS[channels], config)
