"""The C library's heap, set for fragments: large, short-lived and all of about one size."""

import ctypes

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
