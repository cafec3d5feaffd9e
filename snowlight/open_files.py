"""How many files and connections a process may have open: as many as the system lets it."""

import resource
from contextlib import suppress

_MOST = 1 << 20


def allow_open_files() -> int:
    """Raise the soft limit to the hard one. Returns what it is then.

    The soft limit is 1,024 by default on many systems: 250 cameras, of which each has four files open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    best = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < best:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))
            soft = best
    return _MOST if soft == resource.RLIM_INFINITY else soft
