"""UDP may deliver packets in another order than they were sent."""

import asyncio
from collections.abc import Callable

_PATIENCE_S = 0.1
_MOST_HELD = 512
_MAX_MISORDER = 100  # RFC 3550, A.1: so far behind is late, farther is a new start


class Resequencer:
    """Hands RTP packets on in the order of their sequence numbers.

    A packet that is ahead waits for those before it, `patience` seconds at most; then they count as lost,
    and a loss is for the reader to notice. One that comes later than that, or twice, is left out.
    """

    def __init__(self, deliver: Callable[[bytes], None], *, patience: float = _PATIENCE_S) -> None:
        self._deliver = deliver
        self._patience = patience
        self._expected = -1  # before the first packet
        self._held: dict[int, bytes] = {}
        self._timer: asyncio.TimerHandle | None = None

    def put(self, sequence: int, packet: bytes) -> None:
        """Take a packet, and hand on all that its coming sets free."""
        ahead = (sequence - self._expected) & 0xFFFF if self._expected >= 0 else 0
        if ahead >= 0x10000 - _MAX_MISORDER:
            return
        if ahead >= 0x8000:  # the camera began anew
            self._held.clear()
            ahead = 0
        self._held[sequence] = packet
        if not ahead:
            self._expected = sequence
            self._hand_on()
        elif len(self._held) > _MOST_HELD:
            self._skip()
        if self._held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._wait_no_more)

    def close(self) -> None:
        """Hand on nothing more."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _hand_on(self) -> None:
        while (packet := self._held.pop(self._expected, None)) is not None:
            self._expected = (self._expected + 1) & 0xFFFF
            self._deliver(packet)
        if not self._held and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _skip(self) -> None:
        """Go on with the first packet that is there."""
        self._expected = min(self._held, key=lambda sequence: (sequence - self._expected) & 0xFFFF)
        self._hand_on()

    def _wait_no_more(self) -> None:
        self._timer = None
        self._skip()
        if self._held:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._wait_no_more)
