"""Free ports of the loopback interface."""

import random
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

_FROM, _TO = 10_000, 65_536
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """As `free_ports`, one."""
    return free_ports(1)[0]


def free_ports(count: int) -> Sequence[int]:
    """TCP ports of 127.0.0.1 that nothing listens on, all different.

    They lie outside the range that the kernel gives to connections, where it leaves room: a port of that
    range may be a connection's before somebody listens on it.
    """
    first, last = map(int, _OUTGOING.read_text().split())
    apart = range(_FROM, first) or range(last + 1, _TO) or range(_FROM, _TO)
    ports: list[int] = []
    with ExitStack() as probes:
        while len(ports) < count:
            port = random.choice(apart)
            with suppress(OSError):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
                ports.append(port)
    return ports


def is_free(port: int) -> bool:
    """Nothing listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
