"""What the workers of one machine take of its cores, together."""

import fcntl
import os
import struct
from pathlib import Path
from typing import Protocol

_CORES = struct.Struct("=d")


class Shares(Protocol):
    """This worker's, and those of others."""

    def tell(self, cores: float) -> None:
        """This worker takes so many."""

    def others(self) -> float:
        """What all others take."""


class Alone:
    """A worker that shares its machine with none."""

    def tell(self, cores: float) -> None:
        """Nobody asks."""

    def others(self) -> float:
        return 0.0


class Together:
    """A number in a file for each worker, which is locked for as long as that worker lives: what one that was
    killed had taken counts no more."""

    def __init__(self, folder: Path, worker: str) -> None:
        """Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / f"{worker}.cores"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)  # another one looks at it for a moment at most
        self.tell(0.0)

    def tell(self, cores: float) -> None:
        os.pwrite(self._file, _CORES.pack(cores), 0)

    def others(self) -> float:
        return sum(_taken(path) for path in self._folder.glob("*.cores") if path != self._path)


def _taken(path: Path) -> float:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return 0.0  # nobody has it
    except BlockingIOError:
        told = path.read_bytes()
    except OSError:  # it was taken away
        return 0.0
    return float(_CORES.unpack(told)[0]) if len(told) == _CORES.size else 0.0
