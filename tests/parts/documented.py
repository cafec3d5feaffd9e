"""The programs that the guides' examples call: curl and jq."""

from pathlib import Path

from tests.parts.part import debian_program

PROGRAMS = ("curl", "jq")


def find_documented() -> tuple[Path, ...]:
    """Where they are. Raises PartMissingError."""
    return tuple(map(debian_program, PROGRAMS))
