"""Workers' shares of the shards, corrected so that their shares of the bit rate are right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from services.ingest.shards.rendezvous import NO_ZONES, Zones, wanted_owners

ALLOWED = 0.1
"""How much more than its share a worker may have before anything is done."""
LEAST_GAIN = 0.02
"""By so much a correction must bring the workers nearer to their shares, or it is not worth its moves. Since
each does, they come to an end, and none takes back another."""
MOST_MOVED = 0.05
"""Of all shards, in one correction."""
BOUNDS = (0.5, 2.0)
_STRENGTHS = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)


@dataclass(frozen=True, slots=True)
class Balance:
    """Who would have what with certain corrections."""

    corrections: Mapping[str, float]
    owners: Sequence[str]
    """Of each shard."""
    excess: Mapping[str, float]
    """By worker: its load as a part of its share, less one."""
    distance: float
    """The root of the mean square of `excess`, by capacity."""


def balance(
    capacities: Mapping[str, float],
    corrections: Mapping[str, float],
    loads: Sequence[float],
    zones: Zones = NO_ZONES,
) -> Balance:
    """`capacities`: by worker, as it is set. `loads`: of each shard. There must be some of either."""
    weights = {worker: capacity * corrections[worker] for worker, capacity in capacities.items()}
    owners = wanted_owners(weights, zones)
    had = dict.fromkeys(capacities, 0.0)
    for owner, load in zip(owners, loads, strict=True):
        had[owner] += load
    all_load, all_capacity = sum(loads), sum(capacities.values())
    excess = {
        worker: had[worker] / (all_load * capacity / all_capacity) - 1
        for worker, capacity in capacities.items()
    }
    squares = sum(capacities[worker] * part * part for worker, part in excess.items())
    return Balance(corrections, owners, excess, sqrt(squares / all_capacity))


def corrected(
    capacities: Mapping[str, float],
    corrections: Mapping[str, float],
    loads: Sequence[float],
    zones: Zones = NO_ZONES,
) -> Mapping[str, float] | None:
    """Better corrections for the workers that take shards; None where there are none that are worth it.

    Few shards move at a time, and a shard that is too heavy for any worker stays where it is.
    """
    if len(capacities) < 2 or not any(loads):
        return None
    now = balance(capacities, corrections, loads, zones)
    if max(now.excess.values()) <= ALLOWED:
        return None
    tried = (balance(capacities, wanted, loads, zones) for wanted in _candidates(capacities, now))
    worth = [
        each
        for each in tried
        if each.distance <= now.distance - LEAST_GAIN and _moved(now, each) <= MOST_MOVED * len(loads)
    ]
    return min(worth, key=lambda each: each.distance).corrections if worth else None


def _candidates(capacities: Mapping[str, float], now: Balance) -> Iterator[Mapping[str, float]]:
    """Each worker's correction against its excess, more or less; all of them together stay as they are."""
    least, most = BOUNDS
    for strength in _STRENGTHS:
        raw = {
            worker: now.corrections[worker] * max(1 + part, least / most) ** -strength
            for worker, part in now.excess.items()
        }
        mean = sum(raw[worker] * capacity for worker, capacity in capacities.items()) / sum(
            capacities.values()
        )
        yield {worker: min(max(each / mean, least), most) for worker, each in raw.items()}


def _moved(one: Balance, other: Balance) -> int:
    return sum(before != after for before, after in zip(one.owners, other.owners, strict=True))
