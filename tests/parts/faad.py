"""FAAD2, a decoder of AAC that shares no line with libav's."""

from pathlib import Path

from tests.parts.part import debian_program


def find_faad() -> Path:
    """The program. Raises PartMissingError."""
    return debian_program("faad")
