"""syncfs(2): all that was written to a file system reaches its disk."""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def sync_file_systems(folders: Iterable[Path]) -> None:
    """Write out each file system that holds one of `folders`, once. Blocks; raises OSError."""
    devices: set[int] = set()
    for folder in folders:
        device = folder.stat().st_dev
        if device not in devices:
            devices.add(device)
            _sync(folder)


def _sync(folder: Path) -> None:
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
