"""Simulated clusters whose shards differ in load come to rest near their shares, a few moves at a time."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import ne
from random import Random

import pytest

from services.ingest.shards.balance import ALLOWED, BOUNDS, MOST_MOVED, balance, corrected
from snowlight.shards import SHARDS

ROUNDS = 60


def even(capacities: Mapping[str, float]) -> dict[str, float]:
    return dict.fromkeys(capacities, 1.0)


def rounds(
    capacities: Mapping[str, float], loads: Sequence[float], corrections: Mapping[str, float] | None = None
) -> list[Mapping[str, float]]:
    """The corrections of each round, those before the first one included."""
    seen = [corrections or even(capacities)]
    for _ in range(ROUNDS):
        found = corrected(capacities, seen[-1], loads)
        if found is None:
            break
        seen.append(found)
    return seen


def random_loads(seed: int) -> list[float]:
    """As of cameras of half a megabit to eight, some shards with few of them and some with many."""
    random = Random(seed)
    return [
        sum(random.choice((0.5, 2, 2, 4, 8)) for _ in range(random.randint(5, 60))) for _ in range(SHARDS)
    ]


def moved(capacities: Mapping[str, float], seen: Sequence[Mapping[str, float]]) -> list[int]:
    owners = [balance(capacities, each, [1.0] * SHARDS).owners for each in seen]
    return [sum(map(ne, before, after)) for before, after in pairwise(owners)]


@pytest.mark.parametrize("seed", range(6))
def test_shares_of_the_bit_rate_even_out_and_stay(seed: int) -> None:
    capacities = {str(number): 1.0 for number in range(3 + 2 * seed)}
    loads = random_loads(seed)
    for shard, owner in enumerate(balance(capacities, even(capacities), loads).owners):
        loads[shard] *= 1.6 if owner == "0" else 1.0  # a town with better cameras
    seen = rounds(capacities, loads)
    assert 1 < len(seen) < ROUNDS / 3, "it comes to rest"
    at_rest = balance(capacities, seen[-1], loads)
    assert max(at_rest.excess.values()) <= ALLOWED + 0.05
    assert at_rest.distance < balance(capacities, seen[0], loads).distance / 2


def test_a_worker_of_twice_the_capacity_gets_twice_the_bit_rate() -> None:
    capacities = {"small": 1.0, "large": 2.0, "other": 1.0}
    loads = random_loads(7)
    for shard, owner in enumerate(balance(capacities, even(capacities), loads).owners):
        loads[shard] *= 0.5 if owner == "large" else 1.0
    at_rest = balance(capacities, rounds(capacities, loads)[-1], loads)
    assert max(abs(part) for part in at_rest.excess.values()) <= 0.2


@pytest.mark.parametrize("seed", range(4))
def test_few_shards_move_in_a_round_and_corrections_are_bounded(seed: int) -> None:
    capacities = {str(number): 1.0 for number in range(5)}
    random = Random(seed)
    loads = [load * random.choice((0.1, 1, 10)) for load in random_loads(seed)]
    seen = rounds(capacities, loads)
    assert all(count <= MOST_MOVED * SHARDS for count in moved(capacities, seen))
    least, most = BOUNDS
    assert all(least <= correction <= most for each in seen for correction in each.values())


@pytest.mark.parametrize("part", [0.3, 0.6, 5.0])
def test_a_shard_that_is_too_heavy_does_not_go_from_worker_to_worker(part: float) -> None:
    capacities = {str(number): 1.0 for number in range(4)}
    for shard in range(0, SHARDS, 200):
        loads = [1.0] * SHARDS
        loads[shard] = part * SHARDS
        seen = rounds(capacities, loads)
        assert len(seen) < ROUNDS, "it comes to rest"
        held_by = [balance(capacities, each, loads).owners[shard] for each in seen]
        assert len(set(held_by)) <= 2
        assert sum(before != after for before, after in pairwise(held_by)) <= 1


def test_loads_that_sway_around_the_shares_move_next_to_nothing() -> None:
    capacities = {str(number): 1.0 for number in range(5)}
    random, loads = Random(1), random_loads(1)
    corrections = rounds(capacities, loads)[-1]
    changes = 0
    for _ in range(ROUNDS):
        swaying = [load * random.uniform(0.7, 1.3) for load in loads]
        found = corrected(capacities, corrections, swaying)
        changes += found is not None
        corrections = found or corrections
    assert changes <= 2


def test_nothing_is_done_alone_or_before_anything_is_measured() -> None:
    assert corrected({"0": 1.0}, {"0": 1.0}, [1.0] * SHARDS) is None
    assert corrected({"0": 1.0, "1": 1.0}, {"0": 1.0, "1": 1.0}, [0.0] * SHARDS) is None
