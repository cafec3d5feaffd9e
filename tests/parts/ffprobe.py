"""FFprobe, which says what it finds in a file that we have made."""

from pathlib import Path

from tests.parts.part import debian_program


def find_ffprobe() -> Path:
    """The program. Raises PartMissingError."""
    return debian_program("ffprobe", "ffmpeg")
