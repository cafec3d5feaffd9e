"""How many connections there may be, and how long each may take."""

import resource
from contextlib import suppress
from dataclasses import dataclass

_MOST_FILES = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of connections."""

    head_s: float
    """For a request line and headers, from their first byte."""
    idle_s: float
    """Without a request, before the first and after each."""
    connections: int
    """At once."""


def room_for_connections(wanted: int) -> int:
    """`wanted`, or fewer where the system lets this process have fewer files open. Raises the soft limit to
    the hard one; a quarter of it is left to all else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    best = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < best:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))
            soft = best
    limit = _MOST_FILES if soft == resource.RLIM_INFINITY else soft
    return min(wanted, limit * 3 // 4)
