"""Free ports of the loopback interface."""

import errno
import os
import random
import socket
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path

_FROM, _TO = 10_000, 65_536
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_STRIDE = 4
"""Workers of one ingest listen on the ports behind its own (`--workers`)."""
_CHOICES = 128
"""Of a block."""


def free_port() -> int:
    """As `free_ports`, one."""
    return free_ports(1)[0]


def free_ports(count: int) -> Sequence[int]:
    """TCP ports of 127.0.0.1 that nothing listens on, all different. Raises OSError where there are too few.

    Until somebody listens on one, nobody else is given it, or the three behind it: other processes choose
    from other blocks for as long as this one lives, and this one comes back to a port after all others of its
    block. They lie outside the range that the kernel gives to connections, where it leaves room: a port of
    that range may be a connection's before somebody listens on it.
    """
    _, block = _own_block(os.getpid())
    ports = list(islice((port for port in islice(block, _CHOICES) if _is_unused(port)), count))
    if len(ports) < count:
        raise OSError(errno.EADDRINUSE, f"no {count} of this process's {_CHOICES} ports are free")
    return ports


def is_free(port: int) -> bool:
    """Nothing listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, ("127.0.0.1", port))


def _is_unused(port: int) -> bool:
    """Nothing listens on it, nor does the end of an earlier connection keep it."""
    with socket.socket() as probe:
        return _binds(probe, ("127.0.0.1", port))


@cache
def _own_block(_process: int) -> tuple[socket.socket, Iterator[int]]:
    """The ports of a block, over and over, and what keeps it this process's: a name that is bound once in a
    network, and free again when the process ends, however it does."""
    first, last = map(int, _OUTGOING.read_text().split())
    apart = range(_FROM, first) or range(last + 1, _TO) or range(_FROM, _TO)
    size = _CHOICES * _STRIDE
    begins = list(range(apart.start, apart.stop - size + 1, size))
    random.shuffle(begins)
    for begin in begins:
        name = socket.socket(socket.AF_UNIX)
        if _binds(name, f"\0snowlight-ports-{begin}"):
            return name, cycle(range(begin, begin + size, _STRIDE))
        name.close()
    raise OSError(errno.EADDRINUSE, "every block of ports is another process's")


def _binds(probe: socket.socket, address: tuple[str, int] | str) -> bool:
    try:
        probe.bind(address)
    except OSError:
        return False
    return True
