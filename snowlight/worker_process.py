"""Another process that works for this one: it ends with it, and holds none of its credentials."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def worker_environment() -> dict[str, str]:
    """Our environment without Snowlight's settings, in which credentials stand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
    return kept | {"OPENBLAS_NUM_THREADS": "1"}


def die_with(parent: int) -> None:
    """Be killed once the process `parent`, which started this one, has ended."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
