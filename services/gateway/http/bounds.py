"""How many connections there may be, and how long each may take."""

from dataclasses import dataclass

from snowlight.open_files import allow_open_files


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
    """`wanted`, or fewer where the system lets this process have fewer files open; a quarter is left to all
    else."""
    return min(wanted, allow_open_files() * 3 // 4)
