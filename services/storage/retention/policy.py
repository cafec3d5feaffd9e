"""Which retention holds for a camera. Pure: no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_DAYS = 30
PUBLIC_MINIMUM_DAYS = 30
"""A full store drops no public footage that is younger, whatever policies say."""
PUBLIC = 1
"""`snowlight.api.ingest.v1.Ownership.PUBLIC`."""
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Policy:
    """`minimum_days`: a store that runs full drops nothing younger; 0 stands for `days`."""

    days: int
    minimum_days: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long a camera's footage is kept, and for how long at least when a store runs full."""

    days: int
    minimum_days: int


def resolve(
    policies: Mapping[str, Policy], *, retention_days: int, camera_class: int, region: str, ownership: int
) -> Kept:
    """The camera's own retention, else its class's policy, else its nearest region's, else the default.

    `policies` by name: `class-{1-3}`, `region-{code}`, `default`. `region` is a code.
    """
    policy = _policy_for(policies, camera_class, region)
    days = retention_days or policy.days
    minimum = min(policy.minimum_days or days, days)
    if ownership == PUBLIC:
        minimum = max(minimum, min(days, PUBLIC_MINIMUM_DAYS))
    return Kept(days, minimum)


def _policy_for(policies: Mapping[str, Policy], camera_class: int, region: str) -> Policy:
    by_class = policies.get(f"class-{camera_class}")
    if by_class is not None:
        return by_class
    for end in range(len(region), 1, -1):
        by_region = policies.get(f"region-{region[:end]}")
        if by_region is not None:
            return by_region
    return policies.get(DEFAULT, Policy(DEFAULT_DAYS))
