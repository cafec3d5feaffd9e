"""What this process holds of files."""

from contextlib import suppress
from pathlib import Path


def opened(path: Path) -> list[str]:
    """What its descriptors refer to, of all whose path begins so: deleted ones as well."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # listed, and closed since
            target = str(descriptor.readlink())
            if target.startswith(str(path)):
                found.append(target)
    return found


def mapped(path: Path) -> int:
    """How many mappings it has of them."""
    return Path("/proc/self/maps").read_text().count(str(path))
