"""Every worker names the same owners, and no shard moves without need."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.shards.rendezvous import wanted_owners
from snowlight.shards import SHARDS, shard_of

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
WORKERS = st.dictionaries(NAMES, st.floats(0.5, 4.0), min_size=2, max_size=8)


def owners(weights: dict[str, float]) -> list[str]:
    return wanted_owners(weights)


@settings(deadline=None, max_examples=30)
@given(WORKERS)
def test_each_worker_gets_its_share(weights: dict[str, float]) -> None:
    count, total = Counter(owners(weights)), sum(weights.values())
    for worker, weight in weights.items():
        share = SHARDS * weight / total
        deviation = (share * (1 - weight / total)) ** 0.5
        assert abs(count[worker] - share) <= 6 * deviation


@settings(deadline=None, max_examples=30)
@given(WORKERS, st.data())
def test_what_a_worker_leaves_alone_moves(weights: dict[str, float], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(weights)))
    left = {worker: weight for worker, weight in weights.items() if worker != gone}
    for before, after in zip(owners(weights), owners(left), strict=True):
        assert after == before or before == gone


@settings(deadline=None, max_examples=30)
@given(WORKERS, NAMES, st.floats(0.5, 4.0))
def test_a_newcomer_takes_and_nobody_else_does(
    weights: dict[str, float], newcomer: str, weight: float
) -> None:
    for before, after in zip(owners(weights), owners(weights | {newcomer: weight}), strict=True):
        assert after == before or newcomer in (before, after)


def test_the_order_in_which_workers_are_told_of_is_nothing() -> None:
    weights = {"0": 1.0, "1": 2.0, "2": 1.0}
    assert owners(weights) == owners(dict(reversed(weights.items())))


def test_cameras_are_spread_over_all_shards_for_ever() -> None:
    assert shard_of("01j8zq2m9rfakt4v0c7n5xw3hd") == 550
    count = Counter(shard_of(f"camera-{number}") for number in range(28_500))
    assert len(count) == SHARDS
    assert max(count.values()) < 4 * 28_500 / SHARDS
