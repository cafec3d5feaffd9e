"""The programs that the guides' examples call: curl and jq."""

import shutil

from tests.parts.part import PartMissingError, apt_install

PROGRAMS = ("curl", "jq")


def find_documented() -> tuple[str, ...]:
    """Where they are; Debian's packages are installed for those that PATH lacks. Raises PartMissingError."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        apt_install(lacking)
    found = tuple(path for program in PROGRAMS if (path := shutil.which(program)) is not None)
    if len(found) < len(PROGRAMS):
        raise PartMissingError(f"{' and '.join(PROGRAMS)} are not on PATH")
    return found
