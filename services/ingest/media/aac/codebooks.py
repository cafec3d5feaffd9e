"""Huffman codebooks of AAC (ISO/IEC 14496-3, 4.A): those of pairs without sign, and of scale factors.

A codeword and its length are one number here: the codeword left of _LENGTH_BITS that hold the length.
"""

from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from services.ingest.media.aac.bits import Codewords, Lengths

Packed = npt.NDArray[np.uint32]

_LENGTH_BITS: Final = 5
SCALE_FACTOR_OFFSET: Final = 60
"""Of a difference between scale factors in its codebook."""
ESCAPE: Final = 16
"""A value in codebook 11 that stands for itself or more, as an escape sequence tells (4.6.3.3)."""

# Each codeword behind a 1, in hexadecimal, so that its length can be told.
_SCALE_FACTORS: Final = """
    7ffe8 7ffe6 7ffe7 7ffe5 ffff5 ffff1 fffed ffff6 fffee fffef ffff0 ffffc ffffd fffff ffffe ffff7
    ffff8 ffffb ffff9 7ffe4 ffffa 7ffe3 3ffef 3fff0 1fff5 3ffee 1fff2 1fff3 1fff4 1fff1 fff6 fff7 7ff9
    7ff5 7ff7 7ff3 7ff6 7ff2 3ff7 3ff5 1ff9 1ff7 1ff6 ff9 1ff4 ff8 7f9 7f7 7f5 3f8 3f7 1fa 1f8 1f6 f9
    7a 78 3a 1b c 2 1a 1c 3b 79 7b f8 fa 1f7 1f9 3f6 3f9 7f4 7f6 7f8 ff5 ff4 ff6 ff7 1ff5 1ff8 3ff4
    3ff6 3ff8 7ff8 7ff4 1fff0 fff4 1fff6 fff5 7ffe2 fffd9 fffda fffdb fffdc fffdd fffde fffd8 fffd2
    fffd3 fffd4 fffd5 fffd6 ffff2 fffdf fffe7 fffe8 fffe9 fffea fffeb fffe6 fffe0 fffe1 fffe2 fffe3
    fffe4 fffe5 fffd7 fffec ffff4 ffff3"""
_BOOK_7: Final = """
    2 d 77 f4 1f2 3eb 7ed ff7 c 1c 75 f1 1ec 1ee 3ee 3f5 76 74 f2 1ea 1f1 3e9 3f3 7f5 f3 f0 1eb 1f0
    3f1 3f0 7ec 7fa 1f3 1ed 3e8 3ef 7ef 7f1 7f9 ffb 3ed 1ef 3ea 3f2 7f3 7f8 ff9 ffc 7ee 3ec 3f4 7f4
    7f7 ff8 1ffd 1ffe ff6 7f0 7f2 7f6 ffa ffd 1ffc 1fff"""
_BOOK_8: Final = """
    2e 15 30 70 ef 1f1 3fa 7fe 13 8 14 32 6c ea f5 1f8 2f 12 16 34 6e e9 f2 1f5 6f 31 33 6a 72 ec 1ec
    1fa f1 6b 6d 71 ed f0 1f2 3f9 1ef e8 73 eb ee 1ee 1f9 7fc 3f8 f4 f3 1ed 1f0 1f6 3f6 3fd 7fd 1f3
    1f4 1f7 3f7 3fb 3fc 7ff"""
_BOOK_9: Final = """
    2 d 77 1e7 3de 7ce 7d9 fc8 fcd 1fc8 1fdd 3fe4 3fec c 1c 75 f2 1ea 1ed 3e2 7d1 7d3 7e0 fd8 1fcf
    1fd5 76 74 f1 1e8 1ec 3e1 7cf 7dd 7db fd0 1fc7 1fd4 1fe4 1e6 f0 1e9 3dd 3e3 7d2 7dc fcc fca fde
    1fd8 1fea 3fdb 3df 1eb 3dc 3e6 7d5 7de fcb fdd fdc 1fcd 1fe2 1fe7 3fe1 7d0 3e0 3e4 7d6 fc5 fd1 fdb
    1fd2 fe0 1fd9 1feb 3fe3 3fe9 fc4 3e5 7d7 fc6 fcf fda 1fcb 1fda 1fe3 1fe9 3fe6 3ff3 3ff7 fd3 7d8
    7e1 fd4 fd9 1fd3 1fde 3fdd 3fd9 3fe2 3fea 3ff1 3ff6 fd2 7d4 7da fc7 fd7 fe2 1fce 1fdb 3fd8 3fee
    7ff0 3ff4 7ff2 fe1 7df fc9 fd6 1fca 1fd0 1fe5 1fe6 3feb 3fef 7ff3 7ff4 7ff5 1fe0 fce fd5 1fc6 1fd1
    1fe1 3fe0 3fe8 3ff0 7ff1 7ff8 7ff6 fffc 1fe8 fdf 1fc9 1fd7 1fdc 3fdc 3fdf 3fed 3ff5 7ff9 7ffb fffd
    fffe 3fe7 1fcc 1fd6 1fdf 3fde 3fda 3fe5 3ff2 7ffa 7ff7 7ffc 7ffd ffff"""
_BOOK_10: Final = """
    62 28 5d 66 df 1d3 3cf 7d0 7d7 7ed ff0 ff6 1ffd 27 10 11 29 60 d4 e0 1d5 1dc 3d4 7cd 7de fe7 5c 12
    26 2c 5e 68 db 1cd 1d9 3ce 3dc 7d9 7f1 65 2b 2a 2d 64 d7 e1 1cc 1dd 3cc 3de 7d3 7e7 dd 61 5f 63 67
    d9 e4 1d8 1df 3d2 3e2 7dd 7ee 1d1 d5 69 d6 d8 e2 1ce 1e0 1e2 3da 7d4 7e3 feb 3c9 de da dc e3 1ca
    1da 3c7 3ca 3e0 7db 7e8 fec 3e3 1d2 1cb 1d0 1d7 1db 3c6 3d5 3d8 7ca 7da fea ff1 3e1 1d4 1cf 1d6
    1de 1e1 3d0 3d6 7d1 7d5 7f2 fee ffb 7e9 3cd 3c8 3cb 3d1 3d7 3df 7cf 7e0 7ef fe6 ff8 1ffa 7eb 3dd
    3d3 3d9 3db 7d2 7cc 7dc 7ea fed ff3 ff9 1ff9 ff2 7ce 3e4 7cb 7d8 7d6 7e2 7e5 fe8 ff4 ff5 ff7 1ffb
    ffa 7ec 7df 7e1 7e4 7e6 7f0 fe9 fef 1ff8 1ffe 1ffc 1fff"""
_BOOK_11: Final = """
    10 26 59 bd 19c 1c6 3a7 790 7c2 7df fe6 ff3 1ffb fec 1ffa 1ffe 78e 25 11 28 54 b7 c2 192 1af 391
    3a5 3b5 79e 7c0 7a2 7cd fd6 1ae 57 27 29 58 b9 c0 18e 1a3 1b8 399 3ac 3c1 7b1 796 7be 7ca 19d bc
    55 56 5a bb c4 191 1a5 1be 396 3ae 3b9 7a1 791 7a5 7d5 194 19a b6 b8 ba c1 18c 19b 1b0 1c3 39e 3ab
    3bc 79f 78f 7a9 7cf 193 1bf be bf c3 c5 19e 1a7 1b9 394 3a2 3ba 3c3 7a6 7a7 7bb 7d4 19f 3a0 18f
    18d 190 198 1a6 1b6 1c4 39f 3af 3bf 799 7bf 7b4 7c9 7e7 1a8 3b6 1ab 1a4 1aa 1b2 1c2 1c5 398 3a4
    3b8 78c 7a4 7c4 7c6 7dd 7e8 1ad 7af 392 1bd 1bc 38e 397 39a 3a3 3b1 78d 798 7b7 7d3 7d1 7db fdd
    1b4 7de 3a9 39b 39c 3a1 3aa 3ad 3b3 78b 7b2 7b8 7ce 7e1 7e0 fd2 fe5 1b7 fe3 3bb 3a8 3a6 3b0 3b2
    3b7 79b 79a 7ba 7b5 7d6 fd7 7e4 fd8 fea 1ba fe8 7a0 3bd 3b4 78a 3c4 792 7aa 7b0 7bc 7d7 fd4 fdc
    fdb fd5 ff0 1c1 ffb 7c8 7a3 795 79d 7ac 7ae 7c5 7d8 7e2 7e6 fe4 fe7 fe0 fe9 ff7 390 ff2 793 3be
    3c0 794 797 7ad 7c3 7c1 7d2 fda fd9 fdf feb ff4 ffa 395 ff8 7bd 79c 7ab 7a8 7b3 7b9 7d0 7e3 7e5
    fe2 fde fed ff1 ff9 ffc 393 1ffd 7dc 7b6 7c7 7cc 7cb 7d9 7da fd3 fe1 fee fef ff5 ff6 1ffc 1fff 39d
    3c2 1b5 1a1 196 197 195 199 1a0 1a2 1ac 1a9 1b1 1b3 1bb 1c0 38f 24"""
_PAIRS: Final = {7: (7, _BOOK_7), 8: (7, _BOOK_8), 9: (12, _BOOK_9), 10: (12, _BOOK_10), 11: (16, _BOOK_11)}
_SIDE: Final = 2 * ESCAPE + 1


def _read(book: str) -> list[tuple[int, int]]:
    """Codewords and their lengths."""
    coded = [int(word, 16) for word in book.split()]
    return [(value ^ 1 << value.bit_length() - 1, value.bit_length() - 1) for value in coded]


def _signed_pairs() -> Packed:
    """All codebooks one behind the other, with the signs behind their codewords."""
    table = np.zeros((len(_PAIRS), _SIDE, _SIDE), np.uint32)
    for place, (most, book) in enumerate(_PAIRS.values()):
        codewords = _read(book)
        for first, second in product(range(-most, most + 1), repeat=2):
            codeword, length = codewords[(most + 1) * abs(first) + abs(second)]
            for value in (first, second):
                if value:
                    codeword, length = codeword << 1 | (value < 0), length + 1
            table[place, first + ESCAPE, second + ESCAPE] = codeword << _LENGTH_BITS | length
    return table.ravel()


SCALE_FACTORS: Final = np.array(
    [word << _LENGTH_BITS | size for word, size in _read(_SCALE_FACTORS)], np.uint32
)
"""By their difference + SCALE_FACTOR_OFFSET."""
PAIRS: Final = _signed_pairs()
"""By `PAIRS_MIDDLE[codebook] + PAIRS_STRIDE * first + second`, for values of -ESCAPE to ESCAPE."""
PAIRS_STRIDE: Final = _SIDE
PAIRS_MIDDLE: Final = np.array(
    [max(0, number - 7) * _SIDE**2 + ESCAPE * (_SIDE + 1) for number in range(max(_PAIRS) + 1)]
)


def split(packed: Packed) -> tuple[Codewords, Lengths]:
    """Codewords, and how many bits each has."""
    lengths = (packed & ((1 << _LENGTH_BITS) - 1)).astype(np.int64)
    return (packed >> _LENGTH_BITS).astype(np.uint64), lengths
