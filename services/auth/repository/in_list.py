"""Lists for IN (...), of few lengths."""

from collections.abc import Collection


def in_list(values: Collection[str]) -> list[str]:
    """`values`, the last one repeated up to a power of two: each length is another statement, which the
    database has to plan and the connection to keep, and so there are few of them."""
    listed = list(values)
    if listed:
        listed += listed[-1:] * ((1 << (len(listed) - 1).bit_length()) - len(listed))
    return listed
