"""Migrations, on both databases: here or in a process of their own they come to the same."""

import asyncio
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from snowlight.database import Database, Migrate, migrate_here, open_database
from snowlight.errors import FailedPreconditionError
from snowlight.migrating import migrate_apart


@pytest.mark.parametrize("migrate", [migrate_here, migrate_apart])
async def test_a_database_is_brought_from_any_revision_to_the_newest(
    database_url: str, tmp_path: Path, migrate: Migrate
) -> None:
    for migrations in (_only_the_first_of(MIGRATIONS, tmp_path), MIGRATIONS):
        async with open_database(
            database_url, service="storage", migrations=migrations, migrate=migrate
        ) as database:
            newest = max(file.name[:4] for file in (migrations / "versions").glob("*.py"))
            assert await _revision(database) == newest


async def test_several_that_start_at_once_migrate_once(database_url: str) -> None:
    async def start() -> str:
        async with open_database(
            database_url, service="storage", migrations=MIGRATIONS, migrate=migrate_apart
        ) as database:
            return await _revision(database)

    assert len(set(await asyncio.gather(start(), start(), start()))) == 1


async def test_nothing_is_migrated_where_all_is_done(database_url: str) -> None:
    async def fail(_database: Database, _service: str, _migrations: Path) -> None:
        pytest.fail("it is the newest already")

    for migrate in (migrate_here, fail):
        async with open_database(database_url, service="storage", migrations=MIGRATIONS, migrate=migrate):
            pass


async def test_a_database_of_a_newer_version_is_refused(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_database(database_url, service="storage", migrations=MIGRATIONS):
        pass
    older = _only_the_first_of(MIGRATIONS, tmp_path)
    with pytest.raises(FailedPreconditionError) as refused:
        async with open_database(database_url, service="storage", migrations=older, migrate=migrate_apart):
            pass
    assert str(refused.value) == "database.migration: the database of storage cannot be migrated"
    assert "of a newer Snowlight than this, which knows 0001" in capfd.readouterr().err


def _only_the_first_of(migrations: Path, folder: Path) -> Path:
    versions = folder / "older" / "versions"
    versions.mkdir(parents=True)
    (first,) = (migrations / "versions").glob("0001_*.py")
    shutil.copy(first, versions)
    return versions.parent


async def _revision(database: Database) -> str:
    async with database.read() as connection:
        return str(await connection.scalar(sa.text("SELECT version_num FROM alembic_version_storage")))
