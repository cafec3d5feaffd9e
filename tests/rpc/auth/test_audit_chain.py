"""Each way to lay hands on the audit is found, and the day and the record are named."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.auth.app import MIGRATIONS
from services.auth.audit.chain import DAY_MS, day_name, first_hash, next_hash
from services.auth.audit.heads import HeadSigner
from services.auth.repository import audit_links
from snowlight.access.cluster_key import ClusterKey
from snowlight.database import open_database
from snowlight.errors import DataLossError
from tests.rpc.auth.audit_log import NOON_MS, AuditLog

MINUTE_MS = 60_000
FIRST = NOON_MS // DAY_MS


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[AuditLog]:
    """Two sealed days with five records each, ids 1 to 10, and three records of today."""
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database)
        await log.months.make_ahead()
        assert (await log.day(5), await log.day(5)) == (FIRST, FIRST + 1)
        await log.add(3)
        assert await log.findings() == []
        assert [day.records for day in await log.days()] == [5, 5, 3]
        log.restart()
        yield log


def named(findings: object) -> list[tuple[str, int, int]]:
    return [(each.problem, each.day, each.record_id) for each in findings]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        "purpose = 'another'",
        "allowed = NOT allowed",
        "principal = 'principals/other'",
        "policies = '[]'",
        "window_start_ms = 1, window_end_ms = 2",
        "watched_s = 1",
        "region = '11'",
    ],
)
async def test_a_changed_record_is_found(log: AuditLog, change: str) -> None:
    await log.owner_runs(f"UPDATE audit_records SET {change} WHERE record_id = 7")
    assert named(await log.findings()) == [("changed", FIRST + 1, 7)]


@pytest.mark.parametrize(
    "change",
    [
        "audit_records SET policies = 'no JSON at all' WHERE record_id = 7",
        "audit_records SET policies = '{\"a\": 1}' WHERE record_id = 7",
        "audit_records SET tier = 'x', allowed = 7 WHERE record_id = 7",
        "audit_links SET time_ms = 'x' WHERE record_id = 7",
        "audit_links SET hash = 'x' WHERE record_id = 7",
    ],
)
async def test_what_cannot_be_read_any_more_is_found(tmp_path: Path, change: str) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'auth.db'}"
    async with open_database(url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database)
        await log.day(10)
        await log.owner_runs(f"UPDATE {change}")
        found = await log.findings()
        assert (found[0].problem, found[0].day) == ("changed", FIRST)
        assert found[0].position in (6, 7) or found[0].record_id == 7 or "cannot be read" in found[0].detail


async def test_a_record_of_another_time_is_found(log: AuditLog) -> None:
    await log.owner_runs("UPDATE audit_records SET time_ms = time_ms + 1 WHERE record_id = 7")
    assert named(await log.findings()) == [("changed", FIRST + 1, 7)]


async def test_a_removed_record_is_found(log: AuditLog) -> None:
    await log.owner_runs("DELETE FROM audit_records WHERE record_id = 7")
    assert named(await log.findings()) == [("removed", FIRST + 1, 7)]


async def test_a_record_removed_with_its_link_is_found(log: AuditLog) -> None:
    await log.owner_runs(
        "DELETE FROM audit_records WHERE record_id = 7", "DELETE FROM audit_links WHERE record_id = 7"
    )
    found = await log.findings()
    assert ("removed", FIRST + 1, 2) in [(each.problem, each.day, each.position) for each in found]


async def test_two_swapped_records_are_found(log: AuditLog) -> None:
    async with log.as_owner() as connection:
        await _swap(connection, 7, 9)
    assert named(await log.findings()) == [("changed", FIRST + 1, 7), ("changed", FIRST + 1, 9)]


async def test_two_swapped_places_in_the_chain_are_found(log: AuditLog) -> None:
    await log.owner_runs(
        "UPDATE audit_links SET record_id = -7 WHERE record_id = 7",
        "UPDATE audit_links SET record_id = 7, time_ms = time_ms - 1 WHERE record_id = 8",
        "UPDATE audit_links SET record_id = 8, time_ms = time_ms + 1 WHERE record_id = -7",
    )
    assert named(await log.findings()) == [("changed", FIRST + 1, 8), ("changed", FIRST + 1, 7)]


async def test_the_last_record_of_a_day_removed_with_its_link_is_found(log: AuditLog) -> None:
    await log.owner_runs(
        "DELETE FROM audit_records WHERE record_id = 10", "DELETE FROM audit_links WHERE record_id = 10"
    )
    found = (await log.findings())[0]
    assert (found.problem, found.day, found.position) == ("removed", FIRST + 1, 5)


@pytest.mark.parametrize("day", [FIRST, FIRST + 1])
async def test_a_removed_day_is_found_though_its_head_went_with_it(log: AuditLog, day: int) -> None:
    await log.owner_runs(
        f"DELETE FROM audit_records WHERE time_ms / {DAY_MS} = {day}",
        f"DELETE FROM audit_links WHERE day = {day}",
        f"DELETE FROM audit_heads WHERE day = {day}",
    )
    found = named(await log.findings())
    if day == FIRST:
        assert ("head_wrong", FIRST + 1, 0) in found  # it names the one before it, which is gone
    else:
        assert ("head_missing", FIRST + 1, 0) in found


async def test_a_chain_that_was_computed_anew_does_not_fit_its_head(log: AuditLog) -> None:
    """The record is changed, and all hashes of its day from there on are made to fit."""
    await log.owner_runs("UPDATE audit_records SET purpose = 'another' WHERE record_id = 2")
    async with log.database.read() as connection:
        day = await audit_links.of_day(connection, FIRST, 0, 100)
    previous = first_hash(FIRST)
    async with log.as_owner() as connection:
        for each in day:
            assert each.record is not None
            previous = next_hash(previous, each.link.record_id, each.record)
            change = sa.text("UPDATE audit_links SET hash = :hash WHERE record_id = :id")
            await connection.execute(change, {"hash": previous, "id": each.link.record_id})
    assert [(each.problem, each.day) for each in await log.findings()] == [("changed", FIRST)]


async def test_a_forged_head_does_not_verify(log: AuditLog) -> None:
    forger = HeadSigner(ClusterKey("the key of somebody else, as long as it must be"))
    async with log.database.read() as connection:
        jws = await connection.scalar(sa.text(f"SELECT jws FROM audit_heads WHERE day = {FIRST}"))
    forged = forger.sign(log.signer.check(jws))
    with pytest.raises(DataLossError, match="another key signed it"):
        log.signer.check(forged)
    await log.owner_runs(f"UPDATE audit_heads SET jws = '{forged}' WHERE day = {FIRST}")
    assert ("head_wrong", FIRST, 0) in named(await log.findings())
    await log.owner_runs(f"UPDATE audit_heads SET jws = '{jws[:-8]}AAAAAAAA' WHERE day = {FIRST}")
    assert ("head_wrong", FIRST, 0) in named(await log.findings())


async def test_a_kept_head_tells_of_what_the_database_does_not_know_any_more(log: AuditLog) -> None:
    """Today's chain is cut short, with nothing left behind that says so."""
    _, kept = await log.sealer.head(FIRST + 2)
    _, yesterday = await log.sealer.head(FIRST + 1)
    assert await log.findings(kept, yesterday) == []
    ids = "record_id IN (12, 13)"
    await log.owner_runs(f"DELETE FROM audit_records WHERE {ids}", f"DELETE FROM audit_links WHERE {ids}")
    if not log.database.is_postgres:
        await log.owner_runs("UPDATE sqlite_sequence SET seq = 11 WHERE name = 'audit_records'")
    assert await log.findings() == []  # so much an owner of the database can do
    found = await log.findings(kept)
    assert [(each.problem, each.day, each.position) for each in found] == [("removed", FIRST + 2, 2)]
    await log.add(2, purpose="instead")
    assert [(each.problem, each.position) for each in await log.findings(kept)] == [("head_differs", 3)]


async def test_a_process_that_linked_it_puts_a_cut_chain_on_record(log: AuditLog) -> None:
    await log.add()
    await log.owner_runs(
        "DELETE FROM audit_records WHERE record_id = 14", "DELETE FROM audit_links WHERE record_id = 14"
    )
    await log.add()
    await log.linker.link_all()
    async with log.database.read() as connection:
        query = sa.text("SELECT detail FROM audit_records WHERE event = 'alarm'")
        details = (await connection.scalars(query)).all()
    assert details == [f"{day_name(FIRST + 2)} position 4 is not what was linked there"]
    assert log.metric("broken_total") == 1


async def test_a_head_that_was_sealed_here_is_not_signed_again(log: AuditLog) -> None:
    day = await log.day(2)
    await log.owner_runs(
        f"DELETE FROM audit_heads WHERE day = {day}",
        f"DELETE FROM audit_records WHERE time_ms / {DAY_MS} = {day}",
        f"DELETE FROM audit_links WHERE day = {day}",
    )
    await log.day(1)
    assert ("head_missing", day, 0) in named(await log.findings())
    assert log.metric("broken_total") == 1


async def test_how_far_it_is_linked_and_sealed_is_told(log: AuditLog) -> None:
    log.restart()
    assert (log.metric("linked_seconds"), log.metric("sealed_seconds")) == (0, 0)
    day = await log.day(2)
    assert log.metric("sealed_seconds") == (day + 1) * DAY_MS / 1000
    assert log.metric("linked_seconds") == log.clock.at_ms / 1000
    log.clock.at_ms += MINUTE_MS
    await log.add(linked=False)
    assert log.metric("linked_seconds") == (log.clock.at_ms - MINUTE_MS) / 1000
    await log.linker.link_all()
    assert log.metric("linked_seconds") == log.clock.at_ms / 1000
    assert log.metric("broken_total") == 0


async def test_what_waits_to_be_linked_and_is_removed_is_found(log: AuditLog) -> None:
    await log.add(linked=False)
    await log.owner_runs("DELETE FROM audit_records WHERE record_id = 14")
    await log.linker.link_all()
    assert named(await log.findings()) == [("removed", FIRST + 2, 14)]


async def test_what_is_removed_before_it_is_linked_with_all_traces_leaves_a_hole(log: AuditLog) -> None:
    await log.add(2, linked=False)
    for table in ("audit_records", "audit_unlinked"):
        await log.owner_runs(f"DELETE FROM {table} WHERE record_id = 14")
    await log.linker.link_all()
    if log.database.is_postgres:  # where an id that never came may as well have been rolled back
        assert [
            note.startswith("1 ids between the first record and the last") for note in await log.notes()
        ] == [True]
    else:
        assert named(await log.findings()) == [("removed", FIRST + 2, 14)]


async def test_a_record_kept_out_of_the_chain_is_found(log: AuditLog) -> None:
    await log.add(linked=False)
    await log.owner_runs("DELETE FROM audit_unlinked")
    log.clock.at_ms += 3_600_000
    assert named(await log.findings()) == [("unlinked", FIRST + 2, 14)]


async def test_days_without_records_have_heads_as_well(log: AuditLog) -> None:
    log.clock.at_ms += 3 * DAY_MS
    await log.sealer.seal()
    assert [(day.records, day.sealed) for day in await log.days()] == [
        *((5, True), (5, True), (3, True), (0, True), (0, True), (0, False))
    ]
    assert await log.findings() == []
    assert [note.split(" ")[0] for note in await log.notes()] == [day_name(FIRST + 2), day_name(FIRST + 3)]


async def test_a_process_whose_clock_is_ahead_seals_no_day_before_it_is_over(log: AuditLog) -> None:
    log.clock.at_ms += DAY_MS
    log.skew_ms = -DAY_MS
    await log.sealer.seal()
    sealed = [day.sealed for day in await log.days() if day.records]
    log.skew_ms = 0
    await log.sealer.seal()
    assert (sealed, [day.sealed for day in await log.days() if day.records]) == (
        [True, True, False],
        [True, True, True],
    )


async def test_a_record_that_comes_after_its_day_was_sealed_is_told_under_the_next(log: AuditLog) -> None:
    log.clock.at_ms -= DAY_MS
    await log.add(linked=False)
    log.clock.at_ms += DAY_MS
    await log.linker.link_all()
    assert [day.records for day in await log.days()] == [5, 5, 4]
    assert await log.findings() == []


async def _swap(connection: object, one: int, other: int) -> None:
    """Give each the other's fields; their times stay, which is what partitions go by."""
    fields = "principal, purpose, action, camera_uid, ticket_id"
    names = [name.strip() for name in fields.split(",")]
    query = sa.text(
        f"SELECT {fields} FROM audit_records WHERE record_id IN ({one}, {other}) ORDER BY record_id"
    )
    first, second = (await connection.execute(query)).all()  # type: ignore[attr-defined]
    for record_id, row in ((one, second), (other, first)):
        values = ", ".join(f"{name} = :{name}" for name in names)
        await connection.execute(  # type: ignore[attr-defined]
            sa.text(f"UPDATE audit_records SET {values} WHERE record_id = {record_id}"),
            dict(zip(names, row, strict=True)),
        )
