"""Which stores answer."""

from typing import Protocol


class StoreHealth(Protocol):
    """What is known of the stores without asking them now."""

    def is_away(self, store: str) -> bool:
        """It does not answer: what lies in it cannot be played until it does."""
        ...


class NoneAway:
    """For a place that does not watch its stores: each is taken to answer."""

    def is_away(self, store: str) -> bool:
        return False
