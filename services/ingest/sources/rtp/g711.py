"""G.711 out of RTP (RFC 3551, 4.5.14): a packet's payload is its samples, one byte each."""


class G711Depacketiser:
    """A-law and mu-law alike."""

    __slots__ = ()

    def packet(self, payload: bytes) -> list[tuple[bytes, int]]:
        """The payload as it is."""
        return [(payload, 0)]

    def lose(self) -> None:
        """Packets are independent of each other."""
