"""The process's memory, set for fragments: large, short-lived and all of about one size."""

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_fragments_on_the_heap() -> None:
    """Once per process, before the first fragment. Does nothing where the C library is not glibc.

    By default glibc maps each block of over 128 KiB anew and gives it back at once: a page fault for every
    4 KiB of footage.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 4 << 20)
        mallopt(_M_TRIM_THRESHOLD, 64 << 20)


def collect_rarely() -> None:
    """Once per process, when all its parts are up: what is there now is left out of garbage collections.

    Fragments and what is made on their way are freed by their reference counts. Python would look for cycles
    after 700 new objects, several times a second with a hundred cameras: *measured* 4 % of ingest's time, and
    of a gateway that cuts a day of footage into 14,400 pieces up to 30 ms each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
