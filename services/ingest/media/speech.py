"""What cameras code speech with, back to samples: ITU-T G.711, G.722 and G.726."""

from functools import cache
from typing import Final, Literal, Protocol

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext

from services.ingest.media.libav_refusals import libav_refusals
from services.ingest.sources.source import AudioTrack

Samples = npt.NDArray[np.float32]
"""1.0 is full scale."""

_ADPCM: Final = {
    "g722": ("g722", 8),
    "g726-16": ("g726le", 2),
    "g726-24": ("g726le", 3),
    "g726-32": ("g726le", 4),
    "g726-40": ("g726le", 5),
    "aal2-g726-16": ("g726", 2),
    "aal2-g726-24": ("g726", 3),
    "aal2-g726-32": ("g726", 4),
    "aal2-g726-40": ("g726", 5),
}
"""libav's decoder, and the bits of a code word."""


class SampleFormat(Protocol):
    """How bytes hold samples that can be heard one by one. One object for all that is alike."""

    size: int
    """Bytes of a sample, of all channels together."""
    silence: bytes
    """Such a sample."""

    def samples(self, data: bytes) -> Samples:
        """One after the other, those of several channels in turn."""


class SpeechDecoder(Protocol):
    """Of one track, from a session's first packet on."""

    bits: int
    """Of a coded sample, of all channels together."""
    format: SampleFormat

    def decode(self, data: bytes) -> bytes:
        """A packet's samples, in `format`. Raises ValueError for what is damaged."""


def speech_decoder(track: AudioTrack) -> SpeechDecoder:
    """Raises ValueError for a codec, or a number of channels, that has none."""
    if track.codec in ("pcma", "pcmu"):
        if track.channels not in (1, 2):
            raise ValueError(f"G.711 of {track.channels} channels")
        return G711Decoder(_companded(track.codec, track.channels))
    if track.codec not in _ADPCM or track.channels != 1:
        raise ValueError(f"{track.codec} of {track.channels} channels")
    return AdpcmDecoder(*_ADPCM[track.codec], track.clock_rate)


class Companded:
    """G.711: a byte is a sample (RFC 3551, 4.5.14)."""

    def __init__(self, table: Samples, silence: int, channels: int) -> None:
        self.size = channels
        self.silence = bytes((silence,)) * channels
        self._table = table

    def samples(self, data: bytes) -> Samples:
        """As a SampleFormat."""
        # no code lies beyond the table; to look whether one does takes as long as the table itself
        samples: Samples = self._table.take(np.frombuffer(data, np.uint8), mode="wrap")
        return samples


class Linear:
    """16 bits of one channel, as the machine has them."""

    size = 2
    silence = bytes(2)

    def samples(self, data: bytes) -> Samples:
        """As a SampleFormat."""
        return np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)


_LINEAR: Final = Linear()


class G711Decoder:
    """Each sample tells itself: they are left as they are."""

    def __init__(self, companded: Companded) -> None:
        self.bits = 8 * companded.size
        self.format: SampleFormat = companded

    def decode(self, data: bytes) -> bytes:
        """What is no whole sample of all channels is left out."""
        rest = len(data) % self.format.size
        return data[:-rest] if rest else data


class AdpcmDecoder:
    """Each sample is told by how it differs from what those before it let expect.

    After a loss the predictor is off, and finds its way back: what it remembers fades.
    """

    def __init__(self, name: str, bits: int, sample_rate: int) -> None:
        self.bits = bits // 2 if name == "g722" else bits  # its code word is of two samples
        self.format: SampleFormat = _LINEAR
        self._context = _open_decoder(name, bits, sample_rate)

    @libav_refusals()
    def decode(self, data: bytes) -> bytes:
        """16 bits a sample, whatever the codec's own range is."""
        return b"".join(frame.to_ndarray().tobytes() for frame in self._context.decode(av.Packet(data)))


@libav_refusals()
def _open_decoder(name: str, bits: int, sample_rate: int) -> AudioCodecContext:
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = sample_rate
    context.layout = "mono"
    context.options = {"bits_per_coded_sample": str(bits)}
    context.thread_count = 1
    return context


@cache
def _companded(codec: Literal["pcma", "pcmu"], channels: int) -> Companded:
    return Companded(_a_law(), 0xD5, channels) if codec == "pcma" else Companded(_mu_law(), 0xFF, channels)


def _a_law() -> Samples:
    code = np.arange(256) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    magnitude = np.where(
        exponent == 0, mantissa * 16 + 8, (mantissa * 16 + 264) << np.maximum(exponent - 1, 0)
    )
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


def _mu_law() -> Samples:
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)
