"""Sample-based audio out of RTP (RFC 3551, 4.3): a packet's payload is its samples, coded one by one."""


class SampledDepacketiser:
    """G.711, G.722 and G.726 alike."""

    __slots__ = ()

    def packet(self, payload: bytes) -> list[tuple[bytes, int]]:
        """The payload as it is."""
        return [(payload, 0)]

    def lose(self) -> None:
        """Packets are independent of each other, or their decoder finds its way again by itself."""
