"""Scale factor bands of long windows (ISO/IEC 14496-3, 4.5.4)."""

from typing import Final

SAMPLING_FREQUENCIES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
"""By samplingFrequencyIndex (1.6.3.4)."""

_TO_56: Final = (*range(0, 56, 4), 56)
_96: Final = (
    *_TO_56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 156, 172, 188, 212, 240, 276, 320, *range(384, 1025, 64),
)  # fmt: skip
_64: Final = (
    *_TO_56, 64, 72, 80, 88, 100, 112, 124, 140, 156, 172, 192, 216, 240, 268, *range(304, 1025, 40),
)  # fmt: skip
_48_TO_928: Final = (
    *range(0, 44, 4), *range(48, 96, 8), 96, 108, 120, 132, 144, 160, 176, 196, 216, 240, 264, 292,
    *range(320, 929, 32),
)  # fmt: skip
_48: Final = (*_48_TO_928, 1024)
_32: Final = (*_48_TO_928, 960, 992, 1024)
_24: Final = (
    *range(0, 44, 4), *range(44, 124, 8), 124, 136, 148, 160, 172, 188, 204, 220, 240, 260, 284, 308, 336,
    364, 396, 432, 468, 508, 552, 600, 652, 704, 768, 832, 896, 960, 1024,
)  # fmt: skip
_16: Final = (
    *range(0, 88, 8), *range(88, 196, 12), 196, 212, 228, 244, 260, 280, 300, 320, 344, 368, 396, 424, 456,
    492, 532, 572, 616, 664, 716, 772, 832, 896, 960, 1024,
)  # fmt: skip
_8: Final = (
    *range(0, 156, 12), *range(156, 252, 16), 252, 268, 288, 308, 328, 348, 372, 396, 420, 448, 476, 508,
    544, 580, 620, 664, 712, 764, 820, 880, 944, 1024,
)  # fmt: skip
_OFFSETS: Final = (_96, _96, _64, _48, _48, _32, _24, _24, _16, _16, _16, _8, _8)


def sampling_frequency_index(sample_rate: int) -> int:
    """Raises ValueError for a rate that AAC has not."""
    if sample_rate not in SAMPLING_FREQUENCIES:
        raise ValueError(f"AAC has no sampling frequency of {sample_rate} Hz")
    return SAMPLING_FREQUENCIES.index(sample_rate)


def band_offsets(index: int) -> tuple[int, ...]:
    """Where each band begins, and at last where the last one ends, by samplingFrequencyIndex."""
    return _OFFSETS[index]
