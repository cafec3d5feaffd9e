"""What a principal may look like."""

import re
import unicodedata
from collections.abc import Collection

from services.auth.model import Line, Role
from services.auth.validation import invalid

_USERNAME = re.compile(r"[^\W_][\w.@-]{1,63}")


def normal_username(username: str) -> str:
    """The one spelling of a user name: composed, without case, without blanks around it."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def check_username(username: str) -> str:
    """The user name in its one spelling. Raises InvalidArgumentError("username")."""
    username = normal_username(username)
    if not _USERNAME.fullmatch(username):
        raise invalid(
            "username", "must be 2 to 64 letters, digits or one of . _ @ -, a letter or digit first"
        )
    return username


def check_roles(roles: Collection[Role], line: Line) -> frozenset[Role]:
    """Raises InvalidArgumentError("roles") for none, and for residents who would be more than viewers."""
    if not roles:
        raise invalid("roles", "must name at least one role")
    if line is Line.RESIDENT and set(roles) != {Role.VIEWER}:
        raise invalid("roles", "of a resident can only be VIEWER")
    return frozenset(roles)
