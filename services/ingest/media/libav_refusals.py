"""What libav refuses, for those who shall not have to load it to hear of that."""

from collections.abc import Iterator
from contextlib import contextmanager

import av


@contextmanager
def libav_refusals() -> Iterator[None]:
    """libav's errors inside become ValueErrors that say the same."""
    try:
        yield
    except av.FFmpegError as error:
        raise ValueError(str(error)) from error
