"""Shards are spread over zones first, and stay in them while their workers come and go."""

from collections import Counter
from collections.abc import Mapping

from services.ingest.shards.rendezvous import Zones, wanted_owners
from snowlight.shards import SHARDS

PLACES = {f"{zone}{number}": zone for zone in "abc" for number in range(3)}


def owners(workers: Mapping[str, str], known: Mapping[str, str] = PLACES) -> list[str]:
    """Of `workers`, with their zones; `known` are all that are there or will be back."""
    weights = {zone: float(count) for zone, count in Counter(known.values()).items()}
    zones = Zones(workers, weights)
    return wanted_owners(dict.fromkeys(workers, 1.0), zones)


def test_workers_of_no_zone_or_all_of_one_own_what_they_did_before_there_were_zones() -> None:
    weights = {"0": 1.0, "1": 2.0, "2": 1.0}
    before = wanted_owners(weights)
    assert Counter(before) == {"1": 514, "0": 265, "2": 245}
    assert before[:8] == ["1", "1", "0", "0", "1", "1", "0", "0"]
    for zones in (Zones(), Zones(dict.fromkeys(weights, ""), {"": 4.0}), Zones(dict.fromkeys(weights, "a"))):
        assert wanted_owners(weights, zones) == before


def test_each_worker_has_its_share_whatever_its_zone() -> None:
    count = Counter(owners(PLACES))
    share = SHARDS / len(PLACES)
    assert all(abs(count[worker] - share) < 6 * share**0.5 for worker in PLACES)


def test_a_worker_that_restarts_moves_shards_within_its_zone_alone() -> None:
    left = {worker: zone for worker, zone in PLACES.items() if worker != "b1"}
    for before, after in zip(owners(PLACES), owners(left), strict=True):
        assert after == before or (before == "b1" and PLACES[after] == "b")


def test_a_worker_that_is_gone_for_good_leaves_its_zone_less() -> None:
    left = {worker: zone for worker, zone in PLACES.items() if worker != "b1"}
    zones = Counter(left[owner] for owner in owners(left, left))
    assert abs(zones["b"] - SHARDS / 4) < 60
    assert min(zones["a"], zones["c"]) > zones["b"]


def test_the_shards_of_a_zone_that_vanishes_alone_move() -> None:
    left = {worker: zone for worker, zone in PLACES.items() if zone != "c"}
    for before, after in zip(owners(PLACES), owners(left), strict=True):
        assert after == before or PLACES[before] == "c"
    assert {PLACES[owner] for owner in owners(left)} == {"a", "b"}


def test_workers_without_a_zone_are_a_zone_beside_the_others() -> None:
    mixed = {**PLACES, "x": "", "y": ""}
    count = Counter(owners(mixed, mixed))
    share = SHARDS / len(mixed)
    assert all(abs(count[worker] - share) < 6 * share**0.5 for worker in mixed)


def test_a_zone_is_not_mistaken_for_a_worker_of_its_name() -> None:
    same = {"a": "a", "b": "b"}
    assert abs(Counter(owners(same, same))["a"] - SHARDS / 2) < 100
