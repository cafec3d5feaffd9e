"""Which parameter sets a stream has shown, kept by kind and id, so that only a real change is told."""

from collections.abc import Callable, Iterable
from typing import Final

# A parameter set's id from its NAL unit without start code; None if the unit is too short to hold one, or if
# the standard knows no such id.
IdReader = Callable[[bytes], int | None]

_MAX_UNIT: Final = 4096  # bytes; real ones have below 200, and each is read bit by bit


class ParameterSets:
    """The sets in force. `readers` maps each NAL unit type to its id's reader, in VPS, SPS, PPS order."""

    def __init__(self, readers: dict[int, IdReader], kind_of: Callable[[bytes], int]) -> None:
        self._readers = readers
        self._kind_of = kind_of
        self._units: dict[tuple[int, int], bytes] = {}

    def update(self, unit: bytes) -> bool:
        """Take one NAL unit; True if it is new or differs from the one it replaces.

        One over 4096 bytes or of an impossible id is left out.
        """
        if len(unit) > _MAX_UNIT:
            return False
        kind = self._kind_of(unit)
        number = self._readers[kind](unit)
        if number is None or self._units.get((kind, number)) == unit:
            return False
        self._units[kind, number] = unit
        return True

    def update_all(self, units: Iterable[bytes]) -> None:
        """Take what a session description offers, leaving out what is no parameter set."""
        for unit in units:
            if unit and self._kind_of(unit) in self._readers:
                self.update(unit)

    def complete(self) -> tuple[bytes, ...]:
        """All sets in VPS, SPS, PPS order, or nothing while a kind is missing."""
        kinds = list(self._readers)
        if {kind for kind, _ in self._units} != set(kinds):
            return ()
        order = sorted(self._units, key=lambda key: (kinds.index(key[0]), key[1]))
        return tuple(self._units[key] for key in order)


class BitReader:
    """Bits of a raw byte sequence payload (ISO/IEC 14496-10, 7.2), emulation prevention taken out."""

    def __init__(self, unit: bytes) -> None:
        self._payload = bytes(unit).replace(b"\x00\x00\x03", b"\x00\x00")
        self._position = 0  # of the next bit

    def read(self, count: int) -> int:
        """The next `count` bits as an unsigned number. Raises EOFError past the end."""
        after = self._position + count
        if after > 8 * len(self._payload):
            raise EOFError
        first, last = self._position // 8, (after + 7) // 8
        self._position = after
        bits = int.from_bytes(self._payload[first:last], "big") >> (8 * last - after)
        return bits & ((1 << count) - 1)

    def read_exponential_golomb(self) -> int:
        """ue(v) of clause 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 31:
                raise EOFError
        return (1 << zeros) - 1 + self.read(zeros)
