"""Where a new password comes from."""

import getpass
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from snowlight.errors import InvalidArgumentError


@dataclass(frozen=True, slots=True)
class ChosenPassword:
    """A password, and whether it was made here, so that it must be told once."""

    password: str
    made: bool


def choose_password(file: Path | None) -> ChosenPassword:
    """The first line of `file`, or what is typed twice at the terminal, or a random one without either.

    Raises InvalidArgumentError for an unreadable file and for two different entries.
    """
    if file is not None:
        return ChosenPassword(_first_line(file), made=False)
    if not sys.stdin.isatty():
        return ChosenPassword(secrets.token_urlsafe(15), made=True)
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise InvalidArgumentError("admin.password_differs", "the two entries differ", field="password")
    return ChosenPassword(password, made=False)


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(
            "admin.password_file", f"{file} cannot be read", field="password_file"
        ) from error
    return lines[0] if lines else ""
