"""H.265 out of RTP (RFC 7798): single NAL unit, AP and FU. Streams with DONL fields are not carried."""

from collections.abc import Iterable
from typing import Final

from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.parameter_sets import BitReader, ParameterSets

_IRAP: Final = range(16, 22)  # BLA, IDR and CRA pictures, ISO/IEC 23008-2, table 7-1
_LAST_PICTURE: Final = 31
_VPS, _SPS, _PPS, _DELIMITER, _FILLER = 32, 33, 34, 35, 38
_AP: Final = 48
_FU: Final = 49
_SPS_IDS, _PPS_IDS = 16, 64  # ISO/IEC 23008-2, 7.4.3.2.1 and 7.4.3.3.1


class H265Depacketiser(AccessUnitBuilder):
    """Key is any IRAP picture; leading pictures of a CRA that cannot be decoded are the player's to skip."""

    FRAGMENT_MASK = 0x7E
    FRAGMENT_TYPE = _FU << 1
    FRAGMENT_HEADER = 3

    __slots__ = ()

    def __init__(self, parameter_sets: Iterable[bytes] = ()) -> None:
        super().__init__(h265_parameter_sets(parameter_sets))

    def packet(self, data: bytes, start: int, end: int) -> None:
        """Take one RTP payload of RFC 7798, 4.4."""
        if self.fragmented:
            self._end_fragments()
        kind = (data[start] >> 1) & 0x3F
        if kind == _FU:
            fragment = data[start + 2]
            if not fragment & 0x80:
                self.broken = True
                return
            kind = fragment & 0x3F
            picture = kind <= _LAST_PICTURE and data[start + 1] != 0  # a start code begins with two zeros
            if picture:
                self._see_picture(kind)
            header = bytes(((data[start] & 0x81) | (kind << 1), data[start + 1]))
            self._begin_fragments(header, picture=picture)
            self.parts.append(data[start + 3 : end])
        elif kind < _AP:
            self.unit(data[start:end])
        elif kind == _AP:
            self._aggregate(data, start + 2, end)
        else:
            self.broken = True

    def continues_picture(self, data: bytes, start: int, end: int) -> bool:
        """By first_slice_segment_in_pic_flag (ISO/IEC 23008-2, 7.3.6.1)."""
        kind = (data[start] >> 1) & 0x3F
        slice_header = start + 2
        if kind == _FU:
            if not data[start + 2] & 0x80:
                return True
            kind = data[start + 2] & 0x3F
            slice_header = start + 3
        elif kind == _AP and start + 4 < end:
            kind = (data[start + 4] >> 1) & 0x3F
            slice_header = start + 6
        return kind <= _LAST_PICTURE and slice_header < end and not data[slice_header] & 0x80

    def _may_hold_start_codes(self, unit: bytes) -> bool:
        return _VPS <= (unit[0] >> 1) & 0x3F <= _PPS or unit[:2] == b"\x00\x00"

    def _single_unit(self, unit: bytes) -> None:
        kind = (unit[0] >> 1) & 0x3F
        if _VPS <= kind <= _PPS:
            self._update_parameter_set(unit)
        elif kind not in (_DELIMITER, _FILLER):
            if kind <= _LAST_PICTURE:
                self._see_picture(kind)
            self._append(unit)

    def _see_picture(self, kind: int) -> None:
        self.picture = True
        if kind in _IRAP:
            self.key = True


def h265_parameter_sets(units: Iterable[bytes] = ()) -> ParameterSets:
    """The VPS, SPS and PPS among `units`."""
    sets = ParameterSets({_VPS: _vps_id, _SPS: _sps_id, _PPS: _pps_id}, lambda unit: (unit[0] >> 1) & 0x3F)
    sets.update_all(units)
    return sets


def _vps_id(unit: bytes) -> int | None:
    return unit[2] >> 4 if len(unit) > 2 else None


def _sps_id(unit: bytes) -> int | None:
    """ISO/IEC 23008-2, 7.3.2.2.1: the id stands behind profile_tier_level, whose length varies."""
    bits = BitReader(unit[2:])
    try:
        bits.read(4)
        sub_layers = bits.read(3)
        bits.read(1 + 88 + 8)  # nesting flag, general profile, general level
        present = [(bits.read(1), bits.read(1)) for _ in range(8 if sub_layers else 0)]
        for profile, level in present[:sub_layers]:
            bits.read(88 * profile + 8 * level)
        return _below(_SPS_IDS, bits.read_exponential_golomb())
    except EOFError:
        return None


def _pps_id(unit: bytes) -> int | None:
    try:
        return _below(_PPS_IDS, BitReader(unit[2:10]).read_exponential_golomb())
    except EOFError:
        return None


def _below(ids: int, number: int) -> int | None:
    return number if number < ids else None
