"""Connections whose other side takes nothing of what is sent to it."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Iterable

STALLED_S = 10.0
"""Who has not taken a single byte for so long is not slow: a phone on a bad line takes some."""


class Stalls:
    """Looks at connections every now and then."""

    def __init__(self) -> None:
        self._seen: dict[asyncio.Transport, tuple[int, float]] = {}
        """How many bytes waited for each at the last look, and since when."""

    def find(self, transports: Iterable[asyncio.Transport], now: float) -> list[asyncio.Transport]:
        """Those of which nothing was taken for STALLED_S, by all looks in that time. `now` in seconds."""
        before, self._seen, stalled = self._seen, {}, []
        for transport in transports:
            if not transport.get_write_buffer_size():  # nothing of ours waits
                continue
            waiting = _waiting_bytes(transport)
            was, since = before.get(transport, (waiting, now))
            if was != waiting:
                since = now
            self._seen[transport] = waiting, since
            if now - since >= STALLED_S:
                stalled.append(transport)
        return stalled


def _waiting_bytes(transport: asyncio.Transport) -> int:
    """What the other side has not acknowledged. The system takes bytes from us in large steps: on a bad line
    minutes may pass between two of them, while it sends what it has."""
    return transport.get_write_buffer_size() + _in_the_system(transport)


def _in_the_system(transport: asyncio.Transport) -> int:
    taken = transport.get_extra_info("socket")
    if taken is None or transport.is_closing():
        return 0
    try:
        answer = fcntl.ioctl(taken.fileno(), termios.TIOCOUTQ, bytes(4))  # SIOCOUTQ of tcp(7)
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])
