"""Cameras of one statement: so few that none keeps writers waiting, nor its answer the loop."""

from collections.abc import Iterator, Sequence

UIDS_AT_ONCE = 500


def uid_parts(uids: Sequence[str]) -> Iterator[Sequence[str]]:
    """`uids`, in their order, by the statement."""
    return (uids[at : at + UIDS_AT_ONCE] for at in range(0, len(uids), UIDS_AT_ONCE))
