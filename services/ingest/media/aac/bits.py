"""Codewords become bytes, those of several frames at once."""

import numpy as np
import numpy.typing as npt

Codewords = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Lengths = Integers


def joined(codewords: Codewords, lengths: Lengths) -> list[bytes]:
    """Each row of codewords as bytes, the first bit first, the last byte filled up with zeros.

    A codeword of `lengths` 0 has no bits and is 0. None has more than 63, and a row ends with one of none, so
    that in each word of 64 bits one begins.
    """
    ends = lengths.cumsum(axis=1)
    bits = ends[:, -1].copy()
    words = (bits >> 6) + 1
    row_begins = words.cumsum() - words
    ends += row_begins[:, None] << 6
    lengths, ends, codewords = lengths.ravel(), ends.ravel(), codewords.ravel()
    starts = ends - lengths
    word = starts >> 6
    room = 64 - (starts & 63) - lengths  # in the word, behind the codeword
    begins = np.flatnonzero(word[1:] != word[:-1])
    begins += 1
    crossing = begins[room[begins - 1] < 0] - 1  # the last one of a word may go on in the next
    beyond = -room[crossing]
    room[crossing] = 0
    tails = codewords[crossing]
    placed = codewords << room.view(np.uint64)
    placed[crossing] = tails >> beyond.view(np.uint64)
    filled = np.add.reduceat(placed, np.concatenate(([0], begins)))
    filled[word[crossing] + 1] |= tails << (64 - beyond).view(np.uint64)
    data = filled.astype(">u8").tobytes()
    return [
        data[8 * begin : 8 * begin + (count + 7 >> 3)]
        for begin, count in zip(row_begins.tolist(), bits.tolist(), strict=True)
    ]
