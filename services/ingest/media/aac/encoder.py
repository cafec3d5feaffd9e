"""Spectra become frames (ISO/IEC 14496-3, 4.4.2): how finely each band is told, and in which order."""

from typing import Final

import numpy as np

from services.ingest.media.aac.bands import SAMPLING_FREQUENCIES, band_offsets, sampling_frequency_index
from services.ingest.media.aac.bits import Codewords, Integers, Lengths, joined
from services.ingest.media.aac.codebooks import SCALE_FACTOR_OFFSET, SCALE_FACTORS, split
from services.ingest.media.aac.mdct import LINES, Floats, spectra
from services.ingest.media.aac.spectral import Sections, spectral_data
from services.ingest.media.aac.tns import NoiseShaping, Tools

_BITS_PER_SECOND: Final = 40_000  # of a channel of 8 kHz; four times that frequency has twice as much
_SUDDEN_BITS: Final = 5500  # of a frame's lines
_MOST_BITS: Final = 6144  # of all of a frame, for each channel (4.5.3.1)
_SIDE_BITS: Final = 100  # of what is no line, in a frame of 8 kHz

_EVENNESS: Final = np.float32(0.4)
"""How far what is rounded off follows the sound: 0 is the same in all bands, 1 as far below each."""
_FINEST: Final = 124
"""The least scale factor: it rounds off less than the finest steps of G.711 do."""
_COARSEST: Final = 255
_FAINT: Final = np.float32(1e-9)
_MOST_LEVEL: Final = np.float32(6)
"""Of a band's mean value, as a power of two: its largest value stays below what an escape can tell."""
_LEVEL_BITS: Final = np.float32(5.44)
"""Of a mean value m, about log2(1 + (5.44 m)**2) / 2 bits a line are needed."""
_ROUNDS: Final = 2
_UNITY: Final = 100  # the scale factor of steps of one
_OCTAVE: Final = np.float32(16 / 3)  # scale factors that halve values, which are powers of 3/4
_COARSER: Final = 4


class AacEncoder:
    """Of all streams of a sampling frequency and a number of channels: it keeps nothing of any of them."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        """1 or 2 `channels`. Raises ValueError for a rate that AAC has not."""
        index = sampling_frequency_index(sample_rate)
        offsets = np.array(band_offsets(index))
        self.config = _audio_specific_config(index, channels)
        self._channels = channels
        self._begins = offsets[:-1]
        self._widths = np.diff(offsets)
        self._lines = self._widths.astype(np.float32)
        self._sections = Sections(offsets)
        self._shaping = NoiseShaping(index, offsets)
        per_second = _BITS_PER_SECOND * (sample_rate / SAMPLING_FREQUENCIES[-2]) ** 0.5
        self._bits = min(per_second * LINES / sample_rate - _SIDE_BITS, _SUDDEN_BITS)

    def encode(self, earlier: Floats, later: Floats) -> list[bytes]:
        """A frame for each of the blocks `later`, of shape (n, channels, 1024), each behind one of `earlier`.

        Decoded behind the frame of `earlier`, it gives that block.
        """
        lines = spectra(earlier, later).reshape(-1, LINES)
        bits = np.full(len(lines), self._bits, np.float32)
        tools = self._shaping.shape(lines, earlier.reshape(-1, LINES), later.reshape(-1, LINES))
        bits[tools.sudden] = _SUDDEN_BITS
        magnitudes = np.abs(lines)
        levels = np.sqrt(magnitudes)
        levels *= magnitudes
        np.sqrt(levels, out=levels)
        means = np.add.reduceat(levels, self._begins, axis=1)
        means /= self._lines
        factors = self._scale_factors(means, bits)
        while True:
            codewords, lengths = self._stream(lines, levels, means, factors, tools)
            too_long = lengths.sum(axis=1) > _MOST_BITS
            if not too_long.any():
                break
            factors[too_long] += _COARSER
        return joined(codewords.reshape(len(later), -1), lengths.reshape(len(later), -1))

    def _scale_factors(self, means: Floats, bits: Floats) -> Integers:
        """Of each band by the means of its values before they are scaled, so that all take about `bits`."""
        means = np.log2(means + _FAINT)
        levels = means * (1 - _EVENNESS)
        # By Newton's method, from where no line is too faint for a bit: it nears the result from above.
        rise = (bits - np.vecdot(levels, self._lines)) / LINES - np.log2(_LEVEL_BITS)
        powers = np.exp2(2 * levels) * (_LEVEL_BITS * _LEVEL_BITS)
        for _ in range(_ROUNDS):
            power = powers * np.exp2(2 * rise)[:, None]
            slope = np.vecdot(power / (1 + power), self._lines)
            power += 1
            needed = np.vecdot(np.log2(power), self._lines) * np.float32(0.5)
            rise -= (needed - bits) / (slope + 1)
        levels += rise[:, None]
        np.minimum(levels, _MOST_LEVEL, out=levels)
        levels -= means
        factors = np.rint(_UNITY - _OCTAVE * levels)
        np.maximum(factors, factors.max(axis=1, keepdims=True) - SCALE_FACTOR_OFFSET, out=factors)
        np.clip(factors, _FINEST, _COARSEST, out=factors)
        whole: Integers = factors.astype(np.int64)
        return whole

    def _stream(
        self, lines: Floats, levels: Floats, means: Floats, factors: Integers, tools: Tools
    ) -> tuple[Codewords, Lengths]:
        """individual_channel_stream() of each row (4.4.2.7), in a frame's first behind its element's head."""
        steps = np.exp2((_UNITY - factors).astype(np.float32) / _OCTAVE)
        books, spectral, spectral_lengths = spectral_data(
            lines, levels * steps.repeat(self._widths, axis=1), means * steps * self._lines, self._sections
        )
        rows, bands = factors.shape
        sections = books.shape[1]
        tail = 1 + sections + bands
        codewords = np.zeros((rows, tail + 1 + spectral.shape[1] + 2), np.uint64)
        lengths = np.zeros(codewords.shape, np.int64)
        codewords[:, 0] = factors[:, 0] << 11 | bands << 1  # global_gain, ics_info
        lengths[:, 0] = 19
        codewords[:, 1 : 1 + sections] = books << 5 | self._sections.sizes
        lengths[:, 1 : 1 + sections] = 9
        differences = np.full((rows, bands), SCALE_FACTOR_OFFSET)
        differences[:, 1:] += factors[:, 1:]
        differences[:, 1:] -= factors[:, :-1]
        codewords[:, 1 + sections : tail], lengths[:, 1 + sections : tail] = split(SCALE_FACTORS[differences])
        codewords[:, tail], lengths[:, tail] = tools.codewords, tools.lengths
        codewords[:, tail + 1 : -2], lengths[:, tail + 1 : -2] = spectral, spectral_lengths
        if self._channels == 1:
            lengths[:, 0] += 7  # ID_SCE, and 0 as its tag
        else:
            codewords[::2, 0] |= np.uint64(0b001_0000_0 << 19)  # ID_CPE, 0 as its tag, no common window
            lengths[::2, 0] += 8
        codewords[self._channels - 1 :: self._channels, -2] = 7  # ID_END
        lengths[self._channels - 1 :: self._channels, -2] = 3
        return codewords, lengths


def _audio_specific_config(index: int, channels: int) -> bytes:
    """(1.6.2.1). It says that there is no SBR, which is looked for at such rates."""
    value = (2 << 8 | index << 4 | channels) << 3
    value = (value << 11 | 0x2B7) << 6 | 5 << 1
    return (value << 7).to_bytes(5, "big")
