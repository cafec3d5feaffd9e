"""Who gives a command."""

import getpass

from snowlight.errors import InvalidArgumentError


def ordering_person(by: str) -> str:
    """`by`, or else the login name. Raises InvalidArgumentError("by") where that user has none."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise InvalidArgumentError(
            "request.required", "--by is required: you have no login name here", field="by"
        ) from error
