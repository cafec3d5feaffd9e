"""Slices coded as the first of a small picture, moved to where they belong in a larger one.

A slice's data do not depend on where it stands, only its header names the place. Both functions hold for what
`picture_encoder` makes, not for every slice: CAVLC in H.264; in H.265 no temporal motion vectors, weights,
SAO, tiles, wavefronts or parameters of the deblocking filter, one reference picture, and picture order counts
of POC_BITS.
"""

import re

POC_BITS = 8
_STOP = re.compile(b"\x00\x00(?=[\x00-\x03])")
_IDR_W_RADL, _IRAP = 19, range(16, 24)
_INTRA = 2


def moved_h264(nal: bytes, macroblock: int) -> bytes:
    """The slice with `macroblock` as its first one instead of 0 (Rec. ITU-T H.264, 7.3.3).

    ValueError if it was another.
    """
    bits = _Bits(_without_prevention(nal[1:]))
    if bits.exp_golomb() != 0:
        raise ValueError("the slice is not the first of its picture")
    moved = _exp_golomb(macroblock) + bits.rest().rstrip("0")
    return nal[:1] + _with_prevention(_bytes(moved))


def moved_h265(nal: bytes, block: int, picture_blocks: int) -> bytes:
    """The slice with coding tree unit `block` of `picture_blocks` as its first (Rec. ITU-T H.265, 7.3.6.1).

    The loop filter no longer crosses its edge. ValueError for a header of another kind than the module says.
    """
    kind = nal[0] >> 1 & 0x3F
    bits = _Bits(_without_prevention(nal[2:]))
    if not bits.flag():
        raise ValueError("the slice is not the first of its picture")
    start = bits.position
    if kind in _IRAP:
        bits.skip(1)
    bits.exp_golomb()
    place = bits.position
    _skip_to_loop_filter(bits, idr=_IDR_W_RADL <= kind <= _IDR_W_RADL + 1)
    loop_filter = bits.position
    bits.skip(1)
    data = bits.aligned()
    address = format(block, f"0{(picture_blocks - 1).bit_length()}b")
    header = f"0{bits.between(start, place)}{address}{bits.between(place, loop_filter)}01"
    return nal[:2] + _with_prevention(_bytes(header) + data)


def _skip_to_loop_filter(bits: "_Bits", idr: bool) -> None:
    """From slice_type to slice_loop_filter_across_slices_enabled_flag."""
    intra = bits.exp_golomb() == _INTRA
    if not idr:
        bits.skip(POC_BITS)
        if bits.flag():
            raise ValueError("the slice takes its reference pictures from the SPS")
        _skip_reference_pictures(bits)
    if not intra:
        if bits.flag():
            bits.exp_golomb()
        bits.exp_golomb()
    bits.exp_golomb()


def _skip_reference_pictures(bits: "_Bits") -> None:
    """st_ref_pic_set(0) (7.3.7)."""
    pictures = bits.exp_golomb() + bits.exp_golomb()
    for _ in range(pictures):
        bits.exp_golomb()
        bits.skip(1)


class _Bits:
    """Reads a payload's bits, as text of zeros and ones where they are wanted."""

    def __init__(self, payload: bytes) -> None:
        self.position = 0
        self._payload = payload
        self._text = "".join(format(byte, "08b") for byte in payload)

    def skip(self, count: int) -> None:
        self.position += count

    def flag(self) -> bool:
        self.position += 1
        return self._text[self.position - 1] == "1"

    def exp_golomb(self) -> int:
        """An element of descriptor ue(v), or the code number of one of se(v) (9.1 of H.264, 9.2 of H.265)."""
        one = self._text.index("1", self.position)
        end = 2 * one - self.position + 1
        value = int(self._text[one:end], 2) - 1
        self.position = end
        return value

    def between(self, start: int, end: int) -> str:
        return self._text[start:end]

    def rest(self) -> str:
        return self._text[self.position :]

    def aligned(self) -> bytes:
        """What follows byte_alignment() of H.265 (7.3.2.12)."""
        end = self.position // 8 * 8 + 8
        if self._text[self.position : end].rstrip("0") != "1":
            raise ValueError("the slice's header does not end where it should")
        return self._payload[end // 8 :]


def _exp_golomb(value: int) -> str:
    digits = format(value + 1, "b")
    return "0" * (len(digits) - 1) + digits


def _bytes(bits: str) -> bytes:
    """Filled up with zeros to whole bytes."""
    size = -(-len(bits) // 8)
    return int(bits.ljust(size * 8, "0"), 2).to_bytes(size, "big")


def _without_prevention(data: bytes) -> bytes:
    """Without emulation prevention bytes (7.3.1.1 of both)."""
    return data.replace(b"\x00\x00\x03", b"\x00\x00")


def _with_prevention(payload: bytes) -> bytes:
    return _STOP.sub(b"\x00\x00\x03", payload)
