"""H.264 out of RTP (RFC 6184): single NAL unit, STAP-A and FU-A, as packetization modes 0 and 1 use them."""

from collections.abc import Iterable
from typing import Final

from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.parameter_sets import BitReader, ParameterSets

_IDR: Final = 5
_SEI, _SPS, _PPS, _DELIMITER, _FILLER = 6, 7, 8, 9, 12
_STAP_A: Final = 24
_FU_A: Final = 28
_RECOVERY_POINT: Final = 6
_SEARCHED: Final = 1024  # bytes of an SEI unit: what stands behind that is not looked for
_SEARCHED_PER_UNIT: Final = 16  # bytes that cost as much as a small NAL unit
_SPS_IDS, _PPS_IDS = 32, 256  # ISO/IEC 14496-10, 7.4.2.1.1 and 7.4.2.2


class H264Depacketiser(AccessUnitBuilder):
    """Key is the IDR picture.

    A stream with gradual intra refresh never has one: as long as no IDR was seen, a recovery point (SEI
    type 6, ISO/IEC 14496-10, D.2.8) counts as key, so that such a camera can be recorded; the picture is
    whole a little later. Once an IDR was seen only IDRs count, since some encoders send a recovery point
    with every picture.
    """

    FRAGMENT_MASK = 0x1F
    FRAGMENT_TYPE = _FU_A
    FRAGMENT_HEADER = 2

    __slots__ = ("_idr_seen",)

    def __init__(self, parameter_sets: Iterable[bytes] = ()) -> None:
        super().__init__(h264_parameter_sets(parameter_sets))
        self._idr_seen = False

    def packet(self, data: bytes, start: int, end: int) -> None:
        """Take one RTP payload of RFC 6184, 5.4."""
        if self.fragmented:
            self._end_fragments()
        kind = data[start] & 0x1F
        if kind == _FU_A:
            fragment = data[start + 1]
            if not fragment & 0x80:
                self.broken = True
                return
            kind = fragment & 0x1F
            picture = 1 <= kind <= _IDR
            if picture:
                self._see_picture(kind)
            self._begin_fragments(((data[start] & 0xE0) | kind).to_bytes(1, "big"), picture=picture)
            self.parts.append(data[start + 2 : end])
        elif 1 <= kind < _STAP_A or not (kind or data[start + 1]):
            self.unit(data[start:end])
        elif kind == _STAP_A:
            self._aggregate(data, start + 1, end)
        else:
            self.broken = True

    def continues_picture(self, data: bytes, start: int, end: int) -> bool:
        """By first_mb_in_slice (ISO/IEC 14496-10, 7.3.3), whose first bit is set for the first slice only."""
        kind = data[start] & 0x1F
        slice_header = start + 1
        if kind == _FU_A:
            if not data[start + 1] & 0x80:
                return True
            kind = data[start + 1] & 0x1F
            slice_header = start + 2
        elif kind == _STAP_A and start + 3 < end:
            kind = data[start + 3] & 0x1F
            slice_header = start + 4
        return 1 <= kind <= _IDR and slice_header < end and not data[slice_header] & 0x80

    def _may_hold_start_codes(self, unit: bytes) -> bool:
        return unit[0] & 0x1F in (_SPS, _PPS) or not unit[0]

    def _single_unit(self, unit: bytes) -> None:
        kind = unit[0] & 0x1F
        if kind in (_SPS, _PPS):
            self._update_parameter_set(unit)
        elif kind not in (_DELIMITER, _FILLER):
            if 1 <= kind <= _IDR:
                self._see_picture(kind)
            elif kind == _SEI and not self._idr_seen:
                searched = unit[:_SEARCHED]
                self._units.take(len(searched) // _SEARCHED_PER_UNIT)
                self.key = self.key or _has_recovery_point(searched)
            self._append(unit)

    def _see_picture(self, kind: int) -> None:
        self.picture = True
        if kind == _IDR:
            self.key = self._idr_seen = True


def h264_parameter_sets(units: Iterable[bytes] = ()) -> ParameterSets:
    """The SPS and PPS among `units`."""
    sets = ParameterSets({_SPS: _sps_id, _PPS: _pps_id}, lambda unit: unit[0] & 0x1F)
    sets.update_all(units)
    return sets


def _sps_id(unit: bytes) -> int | None:
    return _golomb_at(unit, 4, _SPS_IDS)  # after the header, profile, constraints and level


def _pps_id(unit: bytes) -> int | None:
    return _golomb_at(unit, 1, _PPS_IDS)


def _golomb_at(unit: bytes, offset: int, ids: int) -> int | None:
    try:
        number = BitReader(unit[offset : offset + 8]).read_exponential_golomb()
    except EOFError:
        return None
    return number if number < ids else None


def _has_recovery_point(unit: bytes) -> bool:
    """Walk the SEI messages (7.3.2.3.1) without unescaping: a rare misreading only costs a recovery point."""
    position = 1
    while position + 2 < len(unit):
        kind, position = _sei_number(unit, position)
        size, position = _sei_number(unit, position)
        if kind == _RECOVERY_POINT:
            return True
        position += size
    return False


def _sei_number(unit: bytes, position: int) -> tuple[int, int]:
    value = 0
    while position < len(unit):
        value += unit[position]
        position += 1
        if unit[position - 1] != 0xFF:
            break
    return value, position
