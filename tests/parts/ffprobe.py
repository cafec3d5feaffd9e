"""FFprobe, which says what it finds in a file that we have made: Debian's."""

import shutil
from pathlib import Path

from tests.parts.part import PartMissingError, apt_install


def find_ffprobe() -> Path:
    """The program. Raises PartMissingError."""
    if shutil.which("ffprobe") is None:
        apt_install(["ffmpeg"])
    found = shutil.which("ffprobe")
    if found is None:
        raise PartMissingError("ffprobe is not on PATH")
    return Path(found)
