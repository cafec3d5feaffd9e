"""A disk of a few megabytes, where the machine lets one be mounted."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.part import PartMissingError


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A tmpfs of `size_bytes` at `folder` while the context is open. Raises PartMissingError."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        raise PartMissingError("needs root and mount(8) for a small tmpfs")
    folder.mkdir(parents=True)
    try:
        subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", folder],
            check=True,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        raise PartMissingError(f"a tmpfs cannot be mounted: {error.stderr.strip()}") from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
