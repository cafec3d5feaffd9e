"""What is measured: the working copy or a wheel, run by this interpreter or by another build of it."""

import argparse
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Build:
    """How its services are started."""

    python: str = sys.executable
    wheel: Path | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Let the command line choose."""
        parser.add_argument(
            "--wheel", type=Path, help="measure what is in it, as `make wheel COMPILED=1` makes it"
        )
        parser.add_argument(
            "--python",
            default=sys.executable,
            help="an interpreter of this one's version, which may be built to run faster; it is lent this "
            "one's libraries",
        )

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """What was chosen."""
        return cls(arguments.python, arguments.wheel)

    def environment(self, folder: Path) -> Mapping[str, str]:
        """Variables of the processes. A wheel is unpacked in `folder`."""
        first = folder / "first"  # on Python's path
        first.mkdir()
        (first / "rich.py").write_text("raise ImportError")  # a developer's: structlog loads it where it is
        if self.wheel is not None:
            zipfile.ZipFile(self.wheel).extractall(first)
        found = [str(first)]
        if self.python != sys.executable:
            found += [str(Path.cwd()), sysconfig.get_path("purelib")]
        return {"PYTHONPATH": ":".join(found)}
