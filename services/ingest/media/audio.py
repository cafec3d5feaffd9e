"""G.711 becomes AAC (ITU-T G.711 to ISO/IEC 14496-3)."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

AAC_FRAME = 1024  # samples
_BITS_PER_SECOND_PER_CHANNEL = 24_000
_LONGEST_SILENCE_S = 2

Samples = npt.NDArray[np.float32]


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


class G711Encoder:
    """Bytes of G.711 in, AAC-LC frames out, each with the time of its first sample.

    Lost packets become silence, so that what follows keeps its time.
    """

    def __init__(self, law: Literal["pcma", "pcmu"], sample_rate: int, channels: int) -> None:
        self._table = _a_law() if law == "pcma" else _mu_law()
        self._channels = channels
        self._rate = sample_rate
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = sample_rate
        context.layout = "mono" if channels == 1 else "stereo"
        context.format = "fltp"
        context.bit_rate = _BITS_PER_SECOND_PER_CHANNEL * channels
        context.time_base = Fraction(1, sample_rate)
        context.thread_count = 1
        context.open()
        self._context = context
        self._pending: Samples = np.zeros((channels, 0), np.float32)
        self._next: int | None = None  # time of the sample behind `_pending`
        self._frames = 0
        self._time_of: dict[int, int] = {}

    @property
    def config(self) -> bytes:
        """AudioSpecificConfig."""
        return self._context.extradata or b""

    def encode(self, data: bytes, pts: int) -> Iterator[tuple[bytes, int]]:
        """(AAC frame, time of its first sample) for each frame that `data` completes."""
        samples = self._table[np.frombuffer(data, np.uint8)]
        samples = samples[: len(samples) // self._channels * self._channels].reshape(-1, self._channels).T
        if self._next is None:
            self._next = pts
        missing = pts - self._next
        if abs(missing) > _LONGEST_SILENCE_S * self._rate:
            self._next = pts  # a jump: the time goes on from here, at the next frame
        elif missing > self._rate // 50:
            samples = np.concatenate((np.zeros((self._channels, missing), np.float32), samples), axis=1)
        self._pending = np.concatenate((self._pending, samples), axis=1)
        self._next += samples.shape[1]
        while self._pending.shape[1] >= AAC_FRAME:
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(self._pending[:, :AAC_FRAME]), "fltp", self._context.layout.name
            )
            frame.sample_rate = self._rate
            frame.pts = self._frames * AAC_FRAME
            self._time_of[self._frames] = self._next - self._pending.shape[1]
            self._frames += 1
            self._pending = self._pending[:, AAC_FRAME:]
            yield from self._encode(frame)

    def flush(self) -> Iterator[tuple[bytes, int]]:
        """The frames that the encoder still holds; it takes nothing after that."""
        yield from self._encode(None)

    def _encode(self, frame: AudioFrame | None) -> Iterator[tuple[bytes, int]]:
        for packet in self._context.encode(frame):
            # the encoder's first frame primes the decoder and belongs before the first sample
            time = self._time_of.pop((packet.pts or 0) // AAC_FRAME, None)
            if time is not None:
                yield bytes(packet), time
