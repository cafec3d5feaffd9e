"""What cameras code speech with, back to samples: ITU-T G.711, G.722 and G.726."""

from typing import Final, Protocol

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext

from services.ingest.media.libav_refusals import libav_refusals
from services.ingest.sources.source import AudioTrack

Samples = npt.NDArray[np.float32]
"""Of shape (channels, samples), 1.0 is full scale."""

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


class SpeechDecoder(Protocol):
    """Of one track, from a session's first packet on."""

    bits: int
    """Of a sample, of all channels together."""

    def decode(self, data: bytes) -> Samples:
        """A packet's samples. Raises ValueError for what is damaged."""


def speech_decoder(track: AudioTrack) -> SpeechDecoder:
    """Raises ValueError for a codec, or a number of channels, that has none."""
    if track.codec in ("pcma", "pcmu"):
        if track.channels not in (1, 2):
            raise ValueError(f"G.711 of {track.channels} channels")
        return G711Decoder(_a_law() if track.codec == "pcma" else _mu_law(), track.channels)
    if track.codec not in _ADPCM or track.channels != 1:
        raise ValueError(f"{track.codec} of {track.channels} channels")
    return AdpcmDecoder(*_ADPCM[track.codec], track.clock_rate)


class G711Decoder:
    """A byte is a sample; those of several channels take turns (RFC 3551, 4.1)."""

    def __init__(self, table: Samples, channels: int) -> None:
        self.bits = 8 * channels
        self._table = table
        self._channels = channels

    def decode(self, data: bytes) -> Samples:
        """What is no whole sample of all channels is left out."""
        # no code lies beyond the table; to look whether one does takes as long as the table itself
        samples = self._table.take(np.frombuffer(data, np.uint8), mode="wrap")
        return samples[: len(samples) // self._channels * self._channels].reshape(-1, self._channels).T


class AdpcmDecoder:
    """Each sample is told by how it differs from what those before it let expect.

    After a loss the predictor is off, and finds its way back: what it remembers fades.
    """

    def __init__(self, name: str, bits: int, sample_rate: int) -> None:
        self.bits = bits // 2 if name == "g722" else bits  # its code word is of two samples
        self._context = _open_decoder(name, bits, sample_rate)

    @libav_refusals()
    def decode(self, data: bytes) -> Samples:
        """16 bits a sample, whatever the codec's own range is."""
        frames = [frame.to_ndarray() for frame in self._context.decode(av.Packet(data))]
        if not frames:
            return np.zeros((1, 0), np.float32)
        samples: Samples = np.concatenate(frames, axis=1).astype(np.float32) / np.float32(32768)
        return samples


@libav_refusals()
def _open_decoder(name: str, bits: int, sample_rate: int) -> AudioCodecContext:
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = sample_rate
    context.layout = "mono"
    context.options = {"bits_per_coded_sample": str(bits)}
    context.thread_count = 1
    return context


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
