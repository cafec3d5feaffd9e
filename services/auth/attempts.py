"""Failed sign-ins, counted so that guessing is slow and nobody is locked out by strangers.

Who comes from where the account has signed in before (`Origin`) is counted alone: five failures in five
minutes. Strangers are counted by account and address, by address, and by account: when one account is
attacked from many addresses, they wait, and the account's owner does not.

The counts are this process's own. With N processes of auth a guesser has N times as many tries, still a few
dozen a minute; writing every failure to the database would let strangers load it instead. The known origins,
on which the owner's way in depends, are in the database.
"""

import hashlib
import math
from collections.abc import Hashable
from dataclasses import dataclass

from services.auth.failures import Failures
from snowlight.clock import Clock
from snowlight.counted_address import counted_address
from snowlight.errors import ResourceExhaustedError

MAX_FAILURES = 5
MAX_FAILURES_OF_ADDRESS = 50
"""Many more than of one name: a whole office may sit behind one address."""
MAX_FAILURES_OF_ACCOUNT = 30
"""Of all strangers together."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: an address, and what the browser was given at an earlier one."""

    address: str
    device_key: str = ""

    @property
    def place(self) -> str:
        """The address as it is counted."""
        return counted_address(self.address)

    @property
    def names(self) -> list[str]:
        """How it is remembered, the surest first."""
        names = [f"address/{self.place}"]
        return [device_name(self.device_key), *names] if self.device_key else names


def device_name(device_key: str) -> str:
    """How a browser's key is remembered: the key itself is as good as a credential."""
    return f"device/{hashlib.sha256(device_key.encode()).hexdigest()}"


class Attempts:
    """Lets failures through up to the limits above."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of_known = Failures(MAX_FAILURES)
        self._of_stranger = Failures(MAX_FAILURES)
        self._of_address = Failures(MAX_FAILURES_OF_ADDRESS)
        self._of_account = Failures(MAX_FAILURES_OF_ACCOUNT)

    def begin(self, account: str, place: str, known_as: str = "") -> None:
        """Count an attempt as failed until `succeeded` says otherwise, so that many at once are counted too.

        `known_as` names an origin of the account's. Raises ResourceExhaustedError("auth.too_many_attempts")
        that tells when the next one is let through.
        """
        now = self._clock.monotonic()
        counted = self._counted(account, place, known_as)
        wait_s = max(failures.wait_s(key, now) for failures, key in counted)
        if wait_s > 0:
            raise ResourceExhaustedError(
                "auth.too_many_attempts",
                "too many failed sign-ins, try again in a few minutes",
                retry_after_s=math.ceil(wait_s),
            )
        for failures, key in counted:
            failures.add(key, now)

    def succeeded(self, account: str, place: str, known_as: str = "") -> None:
        """Forget the failures of who signed in. Other names' at the address and other strangers' stay: one
        good password among many guessed ones excuses none of them."""
        own, *shared = self._counted(account, place, known_as)
        own[0].forget(own[1])
        for failures, key in shared:
            failures.take_back(key)

    def _counted(self, account: str, place: str, known_as: str) -> list[tuple[Failures, Hashable]]:
        if known_as:
            return [(self._of_known, (account, known_as))]
        return [
            (self._of_stranger, (account, place)),
            (self._of_address, place),
            (self._of_account, account),
        ]
