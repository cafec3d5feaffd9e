"""Which parameter sets a stream has shown, kept by kind and id, so that only a real change is told."""

from collections.abc import Callable, Iterable

# A parameter set's id from its NAL unit without start code; None if the unit is too short to hold one.
IdReader = Callable[[bytes], int | None]


class ParameterSets:
    """The sets in force. `readers` maps each NAL unit type to its id's reader, in VPS, SPS, PPS order."""

    def __init__(self, readers: dict[int, IdReader], kind_of: Callable[[bytes], int]) -> None:
        self._readers = readers
        self._kind_of = kind_of
        self._units: dict[tuple[int, int], bytes] = {}

    def update(self, unit: bytes) -> bool:
        """Take one NAL unit; True if it is new or differs from the one it replaces."""
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
        payload = bytes(unit).replace(b"\x00\x00\x03", b"\x00\x00")
        self._bits = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def read(self, count: int) -> int:
        """The next `count` bits as an unsigned number. Raises EOFError past the end."""
        if count > self._left:
            raise EOFError
        self._left -= count
        return (self._bits >> self._left) & ((1 << count) - 1)

    def read_exponential_golomb(self) -> int:
        """ue(v) of clause 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 31:
                raise EOFError
        return (1 << zeros) - 1 + self.read(zeros)
