"""How many replicas are wanted, by what there is to do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.scaling import Observed, Spare, Wanted, decide, needed
from services.ingest.shards.rows import Load

SETTINGS = KubernetesSettings(
    namespace="town",
    stateful_set="ingest",
    autoscale=True,
    autoscale_least=2,
    autoscale_most=9,
    autoscale_surge=2,
    autoscale_cameras=100,
    autoscale_cores=0.5,
    autoscale_megabits=200.0,
    autoscale_spool=0.5,
    autoscale_cool_down_seconds=300.0,
)
COOL = SETTINGS.autoscale_cool_down_seconds


def pods(count: int, load: Load | None = None, workers: int = 1) -> Mapping[int, Sequence[Load]]:
    return {ordinal: [load or Load()] * workers for ordinal in range(count)}


def seen(replicas: int, cameras: int, **changes: object) -> Observed:
    return replace(Observed(replicas, cameras, pods(replicas), (), ()), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observed", "replicas"),
    [
        (seen(3, 0), 2),
        (seen(3, 300), 3),
        (seen(3, 301), 4),
        (seen(3, 5000), 9),
        (seen(2, 80, pods=pods(2, Load(40, cores=0.8))), 4),
        (seen(2, 80, pods=pods(2, Load(40, bits_per_second=500_000_000))), 5),
        (seen(4, 80, pods=pods(4, Load(20, spool_level=0.9))), 8),
        (seen(4, 80, pods=pods(4, Load(20, spool_level=2.0))), 8),
        (seen(2, 700, pods=pods(2, workers=4)), 2),
        (seen(2, 900, pods=pods(2, workers=4)), 3),
        (seen(3, 80, pods={0: [Load(40, cores=0.8)]}), 4),
    ],
    ids=[
        "at least so many",
        "cameras fill three",
        "one camera more",
        "at most so many",
        "cores",
        "bit rate",
        "spools",
        "disks that take nothing count as full",
        "four workers a pod",
        "four workers a pod and more cameras",
        "one worker for all while another is away",
    ],
)
def test_replicas_are_needed_by_whatever_asks_for_most(observed: Observed, replicas: int) -> None:
    assert needed(SETTINGS, observed) == replicas


def test_more_come_at_once_a_few_at_a_time_and_no_drain_goes_on() -> None:
    wanted, spare = decide(SETTINGS, seen(3, 800, drains={2, 4, 5}), None, 0)
    assert wanted == Wanted(5, keep=(2, 4), reason="more")
    assert spare is None


def test_fewer_are_to_be_enough_for_a_while_with_room_to_spare() -> None:
    assert decide(SETTINGS, seen(5, 399), None, 0) == (Wanted(5), None)
    wanted, spare = decide(SETTINGS, seen(5, 200), None, 0)
    assert (wanted, spare) == (Wanted(5), Spare(0, 3))
    wanted, spare = decide(SETTINGS, seen(5, 200), spare, COOL - 1)
    assert wanted == Wanted(5)
    wanted, spare = decide(SETTINGS, seen(5, 200), spare, COOL)
    assert (wanted.replicas, wanted.drain) == (5, 4)
    assert decide(SETTINGS, seen(5, 480), spare, COOL + 1) == (Wanted(5), None)


def test_the_last_one_goes_once_it_has_drained_and_the_next_one_after_it() -> None:
    spare = Spare(0, 2)
    assert decide(SETTINGS, seen(5, 100, drains={4}), spare, COOL)[0] == Wanted(5)
    wanted, kept = decide(SETTINGS, seen(5, 100, drains={4}, drained={4}), spare, COOL)
    assert (wanted.replicas, wanted.drain, kept) == (4, None, spare)
    assert decide(SETTINGS, seen(4, 100, drains={4}, drained={4}), kept, COOL)[0].drain == 3


def test_a_drain_that_load_overtakes_is_taken_back() -> None:
    wanted, spare = decide(SETTINGS, seen(5, 480, drains={4}, drained={4}), Spare(0, 2), COOL)
    assert (wanted.replicas, wanted.keep, spare) == (5, (4,), None)


def test_a_drain_of_another_than_the_last_one_is_taken_back() -> None:
    wanted, _ = decide(SETTINGS, seen(5, 100, drains={2}, drained={2}), Spare(0, 2), COOL)
    assert (wanted.replicas, wanted.keep) == (5, (2,))


def test_nothing_goes_while_another_is_away() -> None:
    away = pods(5)
    observed = seen(
        5, 100, pods={ordinal: away[ordinal] for ordinal in (0, 2, 3, 4)}, drains={4}, drained={4}
    )
    wanted, spare = decide(SETTINGS, observed, Spare(0, 2), COOL)
    assert (wanted.replicas, wanted.keep, spare) == (5, (4,), Spare(COOL, 2))


def test_one_that_never_came_may_go() -> None:
    observed = seen(5, 100, pods=pods(4), drains={4}, drained={4})
    assert decide(SETTINGS, observed, Spare(0, 2), COOL)[0].replicas == 4


def test_more_than_the_most_go_without_waiting() -> None:
    assert decide(SETTINGS, seen(11, 5000), None, 0)[0].drain == 10
