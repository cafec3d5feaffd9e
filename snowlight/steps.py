"""Named steps of work that a crash may interrupt, so that a test can have one exactly there."""

from collections.abc import Callable

Reached = Callable[[str], None]
"""Called with the name of each step right before it is taken ("upload.put", "sweep.delete_object", ...)."""


def go_on(_step: str) -> None:
    """What production does at each step: nothing."""
