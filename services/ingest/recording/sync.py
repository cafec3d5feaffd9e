"""syncfs(2): all that was written to a file system reaches its disk."""

import ctypes
import os
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def sync_file_system(folder: Path) -> None:
    """Write out the file system that holds `folder`. Raises OSError; blocks, as long as a server is away."""
    if not hasattr(_LIBC, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def sync_another(folder: Path, synced: Path) -> None:
    """As above, where `folder` is in another file system than `synced`, which was written out just now."""
    if folder.stat().st_dev != synced.stat().st_dev:
        sync_file_system(folder)
