"""Which audio is carried: what can be muxed, and speech that AAC can encode."""

from services.ingest.sources.source import AudioTrack

SAMPLING_FREQUENCIES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
"""By their index in an AudioSpecificConfig (ISO/IEC 14496-3, table 1.18)."""
EXPLICIT_FREQUENCY = 15
"""The index of one that is told by itself (1.6.3.4)."""
_AAC_CHANNELS = 8
_AAC_FRAME = 1024  # samples of the core
_AAC_CONFIG = 64  # bytes; those of AAC-LC and HE-AAC have 2 to 7
_G711_CHANNELS = 2
_G722_RATE = 16_000
_G726_RATE = 8000


def is_carried(track: AudioTrack) -> bool:
    """Audio is a bonus: one that is not carried is left out, and the video goes on without it."""
    if track.codec == "aac":
        return (
            SAMPLING_FREQUENCIES[-1] <= track.clock_rate <= SAMPLING_FREQUENCIES[0]
            and 1 <= track.channels <= _AAC_CHANNELS
            and 0 < len(track.config) <= _AAC_CONFIG
        )
    if track.codec in ("pcma", "pcmu"):
        return track.clock_rate in SAMPLING_FREQUENCIES and 1 <= track.channels <= _G711_CHANNELS
    return track.clock_rate == (_G722_RATE if track.codec == "g722" else _G726_RATE) and track.channels == 1


def core_frequency(config: bytes) -> int:
    """The sampling frequency of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), 0 if it has none: half of
    what comes out where spectral bands are replicated."""
    bits = int.from_bytes(config[:5].ljust(5, b"\x00"), "big")
    index = (bits >> 31) & 0x0F
    if index == EXPLICIT_FREQUENCY:
        return (bits >> 7) & 0xFFFFFF
    return SAMPLING_FREQUENCIES[index] if index < len(SAMPLING_FREQUENCIES) else 0


def frame_duration(track: AudioTrack) -> int:
    """How long a frame of AAC is, in the track's clock, which may count in another frequency."""
    return _AAC_FRAME * track.clock_rate // (core_frequency(track.config) or track.clock_rate)
