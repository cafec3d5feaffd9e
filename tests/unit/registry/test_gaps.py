"""How spans without footage are kept."""

from services.ingest.status.gaps import PENDING_PER_CAMERA, Gap, GapLedger

T = 1_700_000_000_000


def test_a_gap_lasts_from_the_last_footage_to_the_next() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    assert ledger.take() == [Gap("a", T, None, "network")]
    ledger.end("a", T + 9_000)
    assert ledger.take() == [Gap("a", T, T + 9_000, "network")]
    assert ledger.open_gap("a") is None
    assert ledger.take() == []


def test_a_hole_of_a_second_is_none_unless_it_was_told_already() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    ledger.end("a", T + 1_000)
    assert ledger.take() == []
    ledger.start("a", T, "network")
    ledger.take()
    ledger.end("a", T + 1_000)
    assert ledger.take() == [Gap("a", T, T + 1_000, "network")]


def test_another_cause_divides_a_gap_and_the_same_does_not() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "ingest_restart")
    ledger.start("a", T + 5_000, "auth_failed")
    ledger.start("a", T + 6_000, "auth_failed")
    ledger.end("a", T + 9_000)
    assert ledger.take() == [
        Gap("a", T, T + 5_000, "ingest_restart"),
        Gap("a", T + 5_000, T + 9_000, "auth_failed"),
    ]


def test_a_cause_that_turns_out_later_replaces_the_first() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    ledger.start("a", T, "auth_failed")
    assert ledger.take() == [Gap("a", T, None, "auth_failed")]


def test_cameras_do_not_mix_and_gaps_always_end_after_they_start() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    ledger.start("b", T, "disabled")
    ledger.take()
    ledger.end("a", T - 60_000)
    assert ledger.take() == [Gap("a", T, T + 1, "network")]
    assert ledger.open_gap("b") == Gap("b", T, None, "disabled")


def test_a_gap_left_open_by_an_earlier_run_goes_on() -> None:
    ledger = GapLedger()
    ledger.restore([Gap("a", T, None, "disabled")])
    ledger.start("a", T + 60_000, "disabled")
    assert ledger.take() == []
    ledger.end("a", T + 90_000)
    assert ledger.take() == [Gap("a", T, T + 90_000, "disabled")]


def test_of_several_that_were_left_open_the_newest_goes_on_and_ends_the_others() -> None:
    ledger = GapLedger()
    ledger.start("a", T + 60_000, "ingest_restart")
    ledger.restore([Gap("a", T, None, "camera_offline"), Gap("a", T + 30_000, None, "network")])
    newest = Gap("a", T + 60_000, None, "ingest_restart")
    assert ledger.open_gap("a") == newest
    assert ledger.take() == [
        newest,
        Gap("a", T, T + 60_000, "camera_offline"),
        Gap("a", T + 30_000, T + 60_000, "network"),
    ]
    ledger = GapLedger()
    ledger.restore([Gap("a", T, None, "camera_offline"), Gap("a", T + 30_000, None, "network")])
    assert ledger.open_gap("a") == Gap("a", T + 30_000, None, "network")
    assert ledger.take() == [Gap("a", T, T + 30_000, "camera_offline")]


def test_what_was_left_is_another_workers_to_tell_though_the_database_did_not_take_it() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    taken = ledger.take()
    ledger.leave("a")
    ledger.restore([Gap("a", T + 5_000, None, "ingest_restart")])
    ledger.put_back(taken)
    assert ledger.take() == []


def test_what_the_database_did_not_take_is_handed_out_again_in_its_newest_form() -> None:
    ledger = GapLedger()
    ledger.start("a", T, "network")
    taken = ledger.take()
    ledger.end("a", T + 5_000)
    ledger.put_back(taken)
    assert ledger.take() == [Gap("a", T, T + 5_000, "network")]


def test_an_absent_database_costs_bounded_memory() -> None:
    ledger = GapLedger()
    for count in range(PENDING_PER_CAMERA + 50):
        ledger.start("a", T + count * 10_000, "network")
        ledger.end("a", T + count * 10_000 + 5_000)
    kept = ledger.take()
    assert len(kept) == PENDING_PER_CAMERA
    assert kept[-1].start_ms == T + (PENDING_PER_CAMERA + 49) * 10_000
