"""What a worker does by what it sees of the others."""

from collections import Counter
from collections.abc import Mapping

from services.ingest.shards.outlook import FEARED_MS, MOST_CAMERAS, SILENT_MS, Outlook
from services.ingest.shards.rendezvous import wanted_owners
from services.ingest.shards.rows import LiveWorker, ShardRow, View
from snowlight.shards import SHARDS


def outlook(silent_ms: Mapping[str, int], rows: list[ShardRow], stops: str = "") -> Outlook:
    """Of the worker "me", with how long ago each that is alive was heard of; `stops` takes nothing more."""
    live = {
        worker: LiveWorker(worker, "", 0.0 if worker == stops else 1.0, 1.0, silent)
        for worker, silent in silent_ms.items()
    }
    return Outlook(View(live, rows, sum(row.owner == "me" for row in rows)), "me")


def rows_of(owner: str, *, successor: str = "", previous: str = "", ready: bool = False) -> list[ShardRow]:
    return [ShardRow(shard, 1, owner, previous, successor, ready) for shard in range(SHARDS)]


def named(*workers: str) -> list[int]:
    """The shards for which all name "me", of these workers."""
    weights = dict.fromkeys(workers, 1.0)
    return [shard for shard, owner in enumerate(wanted_owners(weights)) if owner == "me"]


def test_a_dead_workers_shards_go_to_those_that_all_name() -> None:
    seen = outlook({"me": 0, "other": 0}, rows_of("dead"))
    assert seen.orphans() == named("me", "other")


def test_a_silent_workers_shards_are_feared_for_by_their_heirs_and_taken_by_nobody() -> None:
    heard = outlook({"me": 0, "other": 0, "slow": SILENT_MS}, rows_of("slow"))
    assert not heard.moves
    assert not heard.feared()
    silent = outlook({"me": 0, "other": 0, "slow": FEARED_MS + 1}, rows_of("slow"))
    assert silent.moves
    assert silent.feared() == set(named("me", "other"))
    assert silent.orphans() == []


def test_what_a_worker_that_stops_fears_for_is_nothing() -> None:
    assert not outlook({"me": 0, "slow": FEARED_MS + 1}, rows_of("slow"), stops="me").feared()


def test_shards_are_given_to_a_successor_that_is_ready_and_heard() -> None:
    rows = rows_of("me", successor="next", ready=True)
    assert len(outlook({"me": 0, "next": SILENT_MS}, rows).asked_for()) == SHARDS
    assert not outlook({"me": 0, "next": SILENT_MS + 1}, rows).asked_for()
    assert not outlook({"me": 0, "next": 0}, rows_of("me", successor="next")).asked_for()


def test_what_was_let_go_of_is_its_successors_until_that_one_falls_silent() -> None:
    rows = rows_of("", successor="next", previous="me", ready=True)
    alive = outlook({"me": 0, "next": SILENT_MS}, rows)
    assert alive.orphans() == []
    assert alive.is_needed
    assert len(outlook({"me": 0, "next": SILENT_MS + 1}, rows).orphans()) == SHARDS
    others = rows_of("", successor="next", previous="third")
    assert outlook({"me": 0, "next": SILENT_MS + 1}, others).orphans() == []


def test_so_many_cameras_are_taken_from_others_at_a_time() -> None:
    seen = outlook({"me": 0, "other": 0}, rows_of("other"))
    wanted = seen.wanted(Counter(dict.fromkeys(range(SHARDS), 28)))
    assert set(wanted) <= set(named("me", "other"))
    assert MOST_CAMERAS <= 28 * len(wanted) < MOST_CAMERAS + 28
