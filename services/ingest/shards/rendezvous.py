"""The owner that every worker would name for a shard, without asking each other (highest random weight)."""

from collections.abc import Mapping
from hashlib import sha256
from math import log

_SCALE = float(1 << 64)


def wanted_owner(shard: int, weights: Mapping[str, float]) -> str:
    """The worker, of those with their weights, that is to own `shard`. There must be one at least.

    A worker gets shards by its share of all weights. When one comes or goes, no shard moves between others.
    """
    return max(weights, key=lambda worker: (_score(shard, worker, weights[worker]), worker))


def _score(shard: int, worker: str, weight: float) -> float:
    digest = sha256(f"{shard}:{worker}".encode()).digest()
    drawn = (int.from_bytes(digest[:8]) + 0.5) / _SCALE
    return -weight / log(drawn)
