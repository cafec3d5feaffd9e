"""One measurement, and how it is printed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import usage


@dataclass(frozen=True)
class Result:
    """What `cameras` cameras cost one program over `wall_s` seconds."""

    name: str
    cameras: int
    wall_s: float
    cpu_s: float
    resident_mb: float
    received_mb: float
    idle_mb: float = 0.0
    """Before the first camera; 0 where the program was not looked at then."""

    @property
    def cameras_per_core(self) -> float:
        """Cameras that would fill one core at this cost."""
        return self.cameras * self.wall_s / self.cpu_s

    @property
    def mb_per_camera(self) -> float:
        return self.resident_mb / self.cameras

    @property
    def marginal_mb(self) -> float:
        """What one camera more takes."""
        return (self.resident_mb - self.idle_mb) / self.cameras

    def row(self, reference: "Result") -> str:
        """A line of the table; the last column is how many times more cameras `reference` takes."""
        return (
            f"{self.name:<28}{self.cameras:>8}{100 * self.cpu_s / self.wall_s:>8.1f}%"
            f"{100 * self.cpu_s / self.wall_s / self.cameras:>10.3f}%{self.cameras_per_core:>14.0f}"
            f"{self.mb_per_camera:>10.2f}{self.received_mb * 8 / self.wall_s / self.cameras:>10.2f}"
            f"{reference.cameras_per_core / self.cameras_per_core:>9.2f}"
        )


HEADER = (
    f"{'program':<28}{'cameras':>8}{'CPU':>9}{'/camera':>11}{'cameras/core':>14}{'MB/camera':>10}"
    f"{'Mb/s each':>10}{'ratio':>9}"
)


def measure(
    name: str, pids: Sequence[int], cameras: int, seconds: float, recorded: Path, *, idle_mb: float = 0.0
) -> Result:
    """Let `pids` run for `seconds` and tell what they used; their footage goes to `recorded`."""
    before, bytes_before, started = usage(pids), _folder_mb(recorded), time.monotonic()
    time.sleep(seconds)
    wall = time.monotonic() - started
    after = usage(pids)
    return Result(
        name,
        cameras,
        wall,
        after.cpu_s - before.cpu_s,
        after.resident_mb,
        _folder_mb(recorded) - bytes_before,
        idle_mb,
    )


def _folder_mb(folder: Path) -> float:
    """Bytes of all files below `folder`, MB."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # committed and deleted since it was listed
    return total / 1e6
