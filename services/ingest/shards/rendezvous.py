"""The owners that every worker would name for the shards, without asking each other (highest random weight).

First a zone is named and then a worker of it: one that restarts moves shards within its zone alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from math import log

from snowlight.shards import SHARDS

_SCALE = float(1 << 64)
_NAMES_KEPT = 256
"""Workers and zones whose draws are remembered, of 32 KB each: to draw anew for 34 workers at each heartbeat
takes 100 ms."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Where workers are. Those of no zone are a zone of their own, of no name."""

    of: Mapping[str, str] = field(default_factory=dict)
    """By worker; none for those that are not told of."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """By zone, with its workers that are away for a while."""


NO_ZONES = Zones()


def wanted_owners(weights: Mapping[str, float], zones: Zones = NO_ZONES) -> list[str]:
    """The workers, of those with their weights, that are to own the shards, by shard. There must be one at
    least.

    A zone gets shards by its share of all weights, and a worker of it by its share of the zone's. When one
    comes or goes, no shard moves between others while the weights of the zones stay.
    """
    of_zone: dict[str, dict[str, float]] = {}
    for worker, weight in weights.items():
        of_zone.setdefault(zones.of.get(worker, ""), {})[worker] = weight
    if len(of_zone) == 1:
        return _drawn(weights)
    # No worker's name has a colon: a zone draws other numbers than a worker of its name.
    known = {
        f"zone:{zone}": max(sum(its.values()), zones.weights.get(zone, 0.0)) for zone, its in of_zone.items()
    }
    drawn = {f"zone:{zone}": _drawn(its) for zone, its in of_zone.items()}
    return [drawn[zone][shard] for shard, zone in enumerate(_drawn(known))]


def _drawn(weights: Mapping[str, float]) -> list[str]:
    """Whose score is highest, by shard; of two of the same score the last name."""
    names = sorted(weights, reverse=True)
    scores = [[-weights[name] / drawn for drawn in _draws(name)] for name in names]
    return [names[of_shard.index(max(of_shard))] for of_shard in zip(*scores, strict=True)]


@lru_cache(_NAMES_KEPT)
def _draws(name: str) -> Sequence[float]:
    """The logarithm of what a name draws in (0, 1), by shard: the same for ever, for weights alone change."""
    return [log((_number(f"{shard}:{name}") + 0.5) / _SCALE) for shard in range(SHARDS)]


def _number(drawer: str) -> int:
    return int.from_bytes(sha256(drawer.encode()).digest()[:8])
