"""Temporal noise shaping (ISO/IEC 14496-3, 4.6.9): what begins suddenly is not heard before it begins.

Frames are long: what is rounded off of a clap would be spread over all of its frame. Spectra are predicted
from line to line instead, and what is rounded off of the differences is as loud as the sound, when it is.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.ingest.media.aac.bits import Codewords, Integers, Lengths
from services.ingest.media.aac.mdct import Floats

_ORDER: Final = 8
_BANDS: Final = (31, 31, 34, 40, 42, 51, 46, 46, 42, 42, 42, 39, 39)  # at most, by samplingFrequencyIndex
_SEGMENTS: Final = 16
_SUDDEN: Final = 4  # times the mean energy, in one segment
_WORTH: Final = 1.6  # times less energy in the differences
_NO_TOOLS: Final = 3  # bits: pulse_data_present, tns_data_present, gain_control_data_present
_SHAPED: Final = _NO_TOOLS + 2 + 1 + 6 + 5 + 2 + 4 * _ORDER
_UP, _DOWN = 7.5 / (np.pi / 2), 8.5 / (np.pi / 2)  # steps of the arc sine, of 4 bits


class Tools(NamedTuple):
    """What stands between the scale factors and the lines of each row, from pulse_data_present on."""

    sudden: Integers
    """The rows that have most of their sound in a short time."""
    codewords: Codewords
    lengths: Lengths


class NoiseShaping:
    """Of one sampling frequency."""

    def __init__(self, index: int, offsets: Integers) -> None:
        """By samplingFrequencyIndex, and where the scale factor bands begin and end."""
        self._bands = len(offsets) - 1
        self._end = int(offsets[min(self._bands, _BANDS[index])])
        self._begins, self._widths = offsets[:-1], np.diff(offsets)

    def shape(self, lines: Floats, earlier: Floats, later: Floats) -> Tools:
        """Predict the rows of `lines` that are worth it, in place. They are of `earlier` and `later`."""
        sudden = _sudden(earlier, later)
        codewords = np.zeros(len(lines), np.uint64)
        lengths = np.full(len(lines), _NO_TOOLS)
        if len(sudden):
            some = lines[sudden]
            codewords[sudden] = self._predict(some)
            lengths[codewords > 0] = _SHAPED
            lines[sudden] = some
        return Tools(sudden, codewords, lengths)

    def _predict(self, lines: Floats) -> Codewords:
        """Returns tns_data of each between the two other flags, or 0 where a row stays as it is."""
        coefficients, gain = self._predictor(lines)
        steps = np.rint(np.arcsin(coefficients) * np.where(coefficients >= 0, _UP, _DOWN)).astype(np.int64)
        np.clip(steps, -8, 7, out=steps)
        filters = _direct(np.sin(steps / np.where(steps >= 0, _UP, _DOWN)))
        worth = gain > _WORTH
        filters[~worth] = 0
        predicted = lines[:, : self._end].copy()
        for delay in range(1, _ORDER + 1):
            predicted[:, delay:] += filters[:, delay - 1 : delay] * lines[:, : self._end - delay]
        lines[:, : self._end] = predicted
        return np.where(worth, self._data(steps), np.uint64(0))

    def _predictor(self, lines: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Reflection coefficients, and how many times less energy they leave; by Levinson's recursion, of
        lines that are as strong in all bands."""
        strength = np.sqrt(np.add.reduceat(lines * lines, self._begins, axis=1) / self._widths) + 1
        even = (lines / strength.repeat(self._widths, axis=1))[:, : self._end].astype(np.float64)
        correlation = np.stack(
            [np.vecdot(even[:, lag:], even[:, : self._end - lag]) for lag in range(_ORDER + 1)], axis=1
        )
        correlation[:, 0] += 1e-9
        error = correlation[:, 0] * 1.0001
        filters = np.zeros((len(lines), _ORDER + 1))
        filters[:, 0] = 1
        coefficients = np.zeros((len(lines), _ORDER))
        for order in range(1, _ORDER + 1):
            missed = np.vecdot(filters[:, :order], correlation[:, order:0:-1])
            reflection = -missed / error
            coefficients[:, order - 1] = reflection
            _lengthen(filters, order, reflection)
            error = error * (1 - reflection * reflection)
        return coefficients, correlation[:, 0] / error

    def _data(self, steps: Integers) -> Codewords:
        """(4.4.2.7): a filter of 4 bits a coefficient, over all bands, towards higher lines."""
        word = np.full(len(steps), 0b0_1 << 2 | 0b01)  # no pulse, TNS, n_filt
        word = (word << 1 | 1) << 6 | self._bands  # coef_res, length
        word = (word << 5 | _ORDER) << 2  # order, direction, coef_compress
        for column in range(_ORDER):
            word = word << 4 | steps[:, column] & 15
        return (word << 1).astype(np.uint64)


def _sudden(earlier: Floats, later: Floats) -> Integers:
    segments = np.concatenate((earlier, later), axis=1).reshape(len(earlier), _SEGMENTS, -1)
    energy = np.vecdot(segments, segments)
    return np.flatnonzero(energy.max(axis=1) > energy.mean(axis=1) * _SUDDEN)


def _direct(reflections: npt.NDArray[np.float64]) -> Floats:
    """Coefficients of the filter (4.6.9.3), but for the first one, which is 1."""
    filters = np.zeros((len(reflections), _ORDER + 1))
    filters[:, 0] = 1
    for order in range(1, _ORDER + 1):
        _lengthen(filters, order, reflections[:, order - 1])
    return filters[:, 1:].astype(np.float32)


def _lengthen(filters: npt.NDArray[np.float64], order: int, reflection: npt.NDArray[np.float64]) -> None:
    """By one coefficient, to `order` beside the first one, in place."""
    filters[:, 1 : order + 1] += reflection[:, None] * filters[:, order - 1 :: -1]
