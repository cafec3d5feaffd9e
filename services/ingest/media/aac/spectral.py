"""Lines become codewords: a codebook for each section, and escape sequences (ISO/IEC 14496-3, 4.6.3)."""

from typing import Final

import numpy as np

from services.ingest.media.aac.bits import Codewords, Integers, Lengths
from services.ingest.media.aac.codebooks import ESCAPE, PAIRS, PAIRS_MIDDLE, PAIRS_STRIDE, split
from services.ingest.media.aac.mdct import Floats

_BANDS: Final = 4  # of a section, whatever is in them: so those of all frames are alike
_ROUNDING: Final = np.float32(0.4054)  # what decoders expect (4.B.13)
_SMALL, _MEDIUM = 8, 13  # values from which on codebooks 7 and 8, and 9 and 10, have none
_DENSE_SMALL, _DENSE_MEDIUM = np.float32(1.2), np.float32(2.2)
"""Means from which on the second of the two codebooks is shorter."""


class Sections:
    """Of one sampling frequency."""

    def __init__(self, offsets: Integers) -> None:
        """`offsets`: where the scale factor bands begin and end."""
        bands = len(offsets) - 1
        self.bands = np.arange(0, bands, _BANDS)
        """The first band of each."""
        self.sizes = np.diff(self.bands, append=bands)
        """How many bands each has."""
        self.lines = offsets[self.bands]
        """The first line of each."""
        self.widths = np.diff(self.lines, append=offsets[-1])


def spectral_data(
    lines: Floats, scaled: Floats, sums: Floats, sections: Sections
) -> tuple[Integers, Codewords, Lengths]:
    """The codebook of each section, and the codewords of all lines.

    `lines` tell the signs of the `scaled` magnitudes, `sums` what these are together in each band.
    """
    scaled += _ROUNDING
    most = np.maximum.reduceat(scaled, sections.lines, axis=1)
    small, large = most < _SMALL, most >= _MEDIUM
    dense = np.where(small, _DENSE_SMALL, _DENSE_MEDIUM) * sections.widths.astype(np.float32)
    books = 9 - 2 * small.astype(np.int64)
    books += np.add.reduceat(sums, sections.bands, axis=1) > dense
    np.putmask(books, large, 11)
    values = np.copysign(scaled, lines).astype(np.int64)
    places = PAIRS_MIDDLE[books].repeat(sections.widths // 2, axis=1)
    escapes = bool(most.max() >= ESCAPE)
    at = np.clip(values, -ESCAPE, ESCAPE) if escapes else values
    places += at[:, 1::2]
    places += at[:, ::2] * PAIRS_STRIDE
    codewords, lengths = split(PAIRS.take(places))
    if escapes:
        _escape(values, codewords.reshape(-1), lengths.reshape(-1))
        return books, codewords, lengths
    second = lengths[:, 1::2]
    fours = codewords[:, ::2] << second.view(np.uint64)  # fewer and longer ones are joined sooner
    fours |= codewords[:, 1::2]
    return books, fours, lengths[:, ::2] + second


def _escape(values: Integers, codewords: Codewords, lengths: Lengths) -> None:
    """Behind a pair's codeword and signs comes the escape sequence of each value that has one."""
    magnitudes = np.abs(values.reshape(-1))
    places = np.flatnonzero(magnitudes >= ESCAPE)
    for some in (places[places & 1 == 0], places[places & 1 == 1]):
        escaped = magnitudes[some]
        size = np.frexp(escaped)[1].astype(np.int64) - 1  # bits behind the first one: 4 or more
        word = ((1 << size - 3) - 2 << size) | (escaped - (1 << size))
        bits = 2 * size - 3
        codewords[some >> 1] = codewords[some >> 1] << bits.view(np.uint64) | word.view(np.uint64)
        lengths[some >> 1] += bits
