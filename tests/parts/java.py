"""A JDK of 17 or later, and Maven: from PATH, or Debian's packages."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.parts.part import PartMissingError, apt_install

PACKAGES = ("openjdk-17-jdk-headless", "maven")
_OLDEST = 17


@dataclass(frozen=True)
class Java:
    """Its programs."""

    java: Path
    maven: Path


def find_java() -> Java:
    """Raises PartMissingError."""
    if not _found():
        apt_install(PACKAGES)
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        raise PartMissingError("java and mvn are not on PATH")
    if _version() < _OLDEST:
        raise PartMissingError(f"javac is of Java {_version()}, and {_OLDEST} is wanted")
    return Java(Path(java), Path(maven))


def _found() -> bool:
    return all(map(shutil.which, ("java", "mvn"))) and _version() >= _OLDEST


def _version() -> int:
    """Of the compiler; 0 where there is none."""
    javac = shutil.which("javac")
    if javac is None:
        return 0
    told = subprocess.run([javac, "-version"], capture_output=True, text=True, timeout=60)
    found = re.search(r"(\d+)", told.stdout + told.stderr)
    return int(found[1]) if found else 0
