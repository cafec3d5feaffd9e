"""What the database refuses, what retention drops, and what an upgrade carries over."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from services.auth.app import MIGRATIONS
from services.auth.audit.chain import DAY_MS
from services.auth.audit.months import Month
from services.auth.config import AuthSettings
from services.auth.repository import audit
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.runtime import sentences
from tests.rpc.auth.audit_log import AuditLog, record

NOW_MS = SystemClock().now_ms()


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[AuditLog]:
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database, now_ms=NOW_MS)
        await log.months.make_ahead()
        yield log


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET purpose = 'another'",
        "DELETE FROM audit_records",
        "DELETE FROM audit_records WHERE record_id = 1",
        "UPDATE audit_links SET position = 9",
        "DELETE FROM audit_links",
        "UPDATE audit_heads SET jws = ''",
        "DELETE FROM audit_heads",
        "UPDATE audit_drops SET end_ms = 1",
        "DELETE FROM audit_drops",
    ],
)
async def test_nothing_of_the_audit_is_changed_or_deleted(log: AuditLog, statement: str) -> None:
    await log.add(3)
    async with log.as_owner() as connection:  # a row for each table
        await connection.execute(sa.text("INSERT INTO audit_heads VALUES (1, 'x')"))
        await connection.execute(sa.text("INSERT INTO audit_drops VALUES (0, 1, 'x')"))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with log.database.write() as connection:
            await connection.execute(sa.text(statement))


async def test_postgresql_truncates_nothing_of_the_audit(postgres_url: str) -> None:
    async with open_database(postgres_url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database, now_ms=NOW_MS)
        await log.months.make_ahead()
        await log.add()
        this_month = Month.of(NOW_MS)
        for table in (
            *("audit_records", "audit_links", "audit_heads", "audit_drops", "audit_records_default"),
            *(this_month.partition("audit_records"), this_month.partition("audit_links")),
        ):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"):
                async with database.write() as connection:
                    await connection.execute(sa.text(f"TRUNCATE {table}"))


async def test_a_young_month_is_not_deleted_even_with_a_statement_that_it_may_be(log: AuditLog) -> None:
    await log.add()
    month = Month.of(NOW_MS)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with log.database.write() as connection:
            await connection.execute(
                sa.text(f"INSERT INTO audit_drops VALUES ({month.start_ms}, {month.end_ms}, 'x')")
            )
            await connection.execute(sa.text("DELETE FROM audit_records"))


@pytest.mark.parametrize("with_partition", [True, False])
async def test_whole_months_past_retention_are_dropped_and_their_heads_stay(
    log: AuditLog, with_partition: bool
) -> None:
    """Records of the last month before three years ago, and of the first after."""
    old, kept = _months_around(NOW_MS - 1095 * DAY_MS)
    for month in (old, kept):
        if with_partition:
            await log.months.make(month)
    log.clock.at_ms = old.start_ms
    first = await log.day(3)
    log.clock.at_ms = kept.start_ms
    await log.day(2)
    log.clock.at_ms = NOW_MS
    await log.months.keep()
    await log.linker.link_all()
    await log.sealer.seal()

    days = {day.day: day for day in await log.days()}
    assert (days[first].records, days[first].sealed, days[first].dropped) == (3, True, True)
    after = days[kept.start_ms // DAY_MS]
    assert (after.records, after.dropped) == (2, False)
    assert await log.findings() == []
    async with log.database.read() as connection:
        times = (await connection.scalars(sa.text("SELECT time_ms FROM audit_records"))).all()
        details = (
            await connection.scalars(sa.text("SELECT detail FROM audit_records WHERE action = 'audit.drop'"))
        ).all()
    assert min(times) >= kept.start_ms
    assert details == [f"{old} dropped: over for more than 1095 days"]
    await log.months.keep()  # and nothing else goes
    assert len(await log.days()) == len(days)


async def test_a_month_that_nobody_signed_away_is_missed(log: AuditLog) -> None:
    old, _ = _months_around(NOW_MS - 1095 * DAY_MS)
    log.clock.at_ms = old.start_ms + DAY_MS // 2
    day = await log.day(3)
    log.clock.at_ms = NOW_MS
    await log.owner_runs(
        "DELETE FROM audit_records",
        "DELETE FROM audit_links",
        f"INSERT INTO audit_drops VALUES ({old.start_ms}, {old.end_ms}, 'forged.for.nothing')",
    )
    found = {(each.problem, each.day) for each in await log.findings()}
    assert {("drop_wrong", day), ("removed", day)} <= found


async def test_a_clock_that_is_ahead_drops_nothing(log: AuditLog) -> None:
    await log.add(2)
    log.clock.at_ms = NOW_MS + 4000 * DAY_MS
    await log.months.keep()
    async with log.database.read() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM audit_records")) == 2
        assert await connection.scalar(sa.text("SELECT count(*) FROM audit_drops")) == 0


def test_less_than_half_a_year_is_refused_in_so_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AuthSettings().audit_days == 1095
    monkeypatch.setenv("SNOWLIGHT_AUTH_AUDIT_DAYS", "183")
    assert AuthSettings().audit_days == 183
    monkeypatch.setenv("SNOWLIGHT_AUTH_AUDIT_DAYS", "182")
    with pytest.raises(ValidationError) as raised:
        AuthSettings()
    (sentence,) = sentences(raised.value)
    assert "audit_days" in sentence
    assert "183 days (half a year) at least" in sentence


async def test_records_from_before_the_chain_are_carried_over_and_linked(
    empty_database_url: str, tmp_path: Path
) -> None:
    before = _migrations_before_the_chain(tmp_path / "before")
    async with (
        open_database(empty_database_url, service="auth", migrations=before) as database,
        database.write() as connection,
    ):
        await connection.execute(
            sa.text(
                "INSERT INTO cameras (uid, region, ownership, owner, listed_for_residents, deleted, "
                "revision) VALUES ('gate', '421381', '', '', false, false, 1)"
            )
        )
        for number in range(1, 4):
            await connection.execute(
                sa.text(
                    "INSERT INTO audit_records (time_ms, principal, action, camera_uid, window_start_ms, "
                    "window_end_ms, purpose, allowed, reason, remote_address, ticket_id, policies) VALUES "
                    "(:time, 'principals/li', 'playback', 'gate', 5, 9, '丢牛', true, 'r', '192.0.2.1', 't', "
                    "'[\"p\"]')"
                ),
                {"time": NOW_MS - number * 40 * DAY_MS},
            )
    async with open_database(empty_database_url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database, now_ms=NOW_MS)
        await log.months.make_ahead()
        await log.add()
        async with database.read() as connection:
            query = sa.text("SELECT record_id, purpose, region FROM audit_records ORDER BY record_id")
            rows = [tuple(row) for row in await connection.execute(query)]
        assert rows == [
            *((1, "丢牛", "421381"), (2, "丢牛", "421381"), (3, "丢牛", "421381"), (4, "丢牛", "421381"))
        ]
        assert await log.findings() == []
        assert [day.records for day in await log.days()] == [4]
        await log.owner_runs("UPDATE audit_records SET purpose = 'x' WHERE record_id = 2")
        assert [(each.problem, each.record_id) for each in await log.findings()] == [("changed", 2)]


async def test_a_transaction_that_commits_late_is_linked_all_the_same(postgres_url: str) -> None:
    """Its record has a lower id than what was linked meanwhile."""
    async with open_database(postgres_url, service="auth", migrations=MIGRATIONS) as database:
        log = AuditLog(database, now_ms=NOW_MS)
        await log.months.make_ahead()
        async with database.write() as slow:
            await audit.add(slow, record(NOW_MS, ticket_id="slow"))
            await log.add(5)
            async with asyncio.timeout(5):
                assert [day.records for day in await log.days()] == [5]
        await log.linker.link_all()
        assert [day.records for day in await log.days()] == [6]
        assert await log.findings() == []


async def test_two_processes_that_link_at_once_make_one_chain(log: AuditLog) -> None:
    other = AuditLog(log.database, now_ms=NOW_MS)
    await log.add(1200, linked=False)
    await asyncio.gather(log.linker.link_all(), other.linker.link_all(), log.linker.link_all())
    assert [day.records for day in await log.days()] == [1200]
    assert await log.findings() == []


def _months_around(instant_ms: int) -> tuple[Month, Month]:
    """The last month that is over before the instant, and the one behind it."""
    kept = Month.of(instant_ms)
    before = datetime.fromtimestamp(kept.start_ms / 1000 - 1, UTC)
    return Month(before.year, before.month), kept


def _migrations_before_the_chain(folder: Path) -> Path:
    """What an older release brought along."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for path in (MIGRATIONS / "versions").glob("*.py"):
        if path.name < "0004":
            shutil.copy(path, versions)
    return folder
