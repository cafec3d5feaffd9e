"""The filterbank: samples to spectra of 1024 lines (ISO/IEC 14496-3, 4.6.11)."""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.ingest.media.sample_entry import AAC_FRAME

Floats = npt.NDArray[np.float32]

LINES: Final = AAC_FRAME
_HALF: Final = LINES // 2
_FULL_SCALE: Final = 32768  # of a decoder's output, where ours is 1.0

_WINDOW: Final = np.sin(np.pi / (2 * LINES) * (np.arange(LINES) + 0.5)).astype(np.float32)
_TWIDDLES: Final = np.exp(-1j * np.pi / LINES * (np.arange(_HALF) + 0.25)).astype(np.complex64)
_SCALED_TWIDDLES: Final = (_TWIDDLES * 2 * _FULL_SCALE * _HALF).astype(np.complex64)


def spectra(earlier: Floats, later: Floats) -> Floats:
    """Of blocks, each with the one behind it; all of shape (..., 1024).

    Sine windows (window_shape 0). As a DCT-IV of what is folded, by one complex transform of half the length.
    """
    folded = np.empty_like(later)
    first, second = folded[..., :_HALF], folded[..., _HALF:]
    np.multiply(later[..., _HALF - 1 :: -1], -_WINDOW[_HALF:], out=first)
    first -= later[..., _HALF:] * _WINDOW[_HALF - 1 :: -1]
    np.multiply(earlier[..., :_HALF], _WINDOW[:_HALF], out=second)
    second -= earlier[..., : _HALF - 1 : -1] * _WINDOW[: _HALF - 1 : -1]
    packed = np.empty(first.shape, np.complex64)
    packed.real = folded[..., ::2]
    packed.imag = folded[..., ::-2]
    packed *= _TWIDDLES
    transformed = np.fft.fft(packed, norm="forward")  # with a scale of its own it takes twice as long
    transformed *= _SCALED_TWIDDLES
    folded[..., ::2] = transformed.real
    np.negative(transformed.imag, out=folded[..., ::-2])
    return folded
