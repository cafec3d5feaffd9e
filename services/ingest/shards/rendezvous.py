"""The owner that every worker would name for a shard, without asking each other (highest random weight).

First a zone is named and then a worker of it: one that restarts moves shards within its zone alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import log

_SCALE = float(1 << 64)


@dataclass(frozen=True, slots=True)
class Zones:
    """Where workers are. Those of no zone are a zone of their own, of no name."""

    of: Mapping[str, str] = field(default_factory=dict)
    """By worker; none for those that are not told of."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """By zone, with its workers that are away for a while."""


NO_ZONES = Zones()


def wanted_owner(shard: int, weights: Mapping[str, float], zones: Zones = NO_ZONES) -> str:
    """The worker, of those with their weights, that is to own `shard`. There must be one at least.

    A zone gets shards by its share of all weights, and a worker of it by its share of the zone's. When one
    comes or goes, no shard moves between others while the weights of the zones stay.
    """
    there = {zones.of.get(worker, "") for worker in weights}
    if len(there) > 1:
        of_zone = dict.fromkeys(there, 0.0)
        for worker, weight in weights.items():
            of_zone[zones.of.get(worker, "")] += weight
        known = {zone: max(weight, zones.weights.get(zone, 0.0)) for zone, weight in of_zone.items()}
        # No worker's name has a colon: a zone draws other numbers than a worker of its name.
        zone = _drawn({f"zone:{zone}": weight for zone, weight in known.items()}, shard).removeprefix("zone:")
        weights = {worker: weight for worker, weight in weights.items() if zones.of.get(worker, "") == zone}
    return _drawn(weights, shard)


def _drawn(weights: Mapping[str, float], shard: int) -> str:
    return max(weights, key=lambda name: (_score(shard, name, weights[name]), name))


def _score(shard: int, name: str, weight: float) -> float:
    digest = sha256(f"{shard}:{name}".encode()).digest()
    drawn = (int.from_bytes(digest[:8]) + 0.5) / _SCALE
    return -weight / log(drawn)
