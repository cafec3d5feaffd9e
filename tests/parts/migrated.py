"""Databases as a service's migrations leave them: those are carried out once, and what they made is copied.

Each service of each test would carry out all of them anew, a tenth of a second of CPU. That they do what they
are to is tested where their own tests begin with an empty database.
"""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

from snowlight.database import open_database
from snowlight.migrations import upgrade
from tests.parts.part import ROOT
from tests.parts.postgres import PostgresServer


@dataclass(frozen=True)
class Schema:
    """One service's."""

    service: str
    migrations: Path

    def copy_to(self, file: Path) -> None:
        """Make a database of SQLite where there is none. Blocks: several that make it at once take turns."""
        made = Path(_folder().name) / f"{self.service}.db"
        if not made.exists():
            partial = made.with_suffix(".partial")
            engine = sa.create_engine(f"sqlite:///{partial}")
            with engine.begin() as connection:
                upgrade(connection, self.service, self.migrations)
            engine.dispose()
            partial.replace(made)
        _copy(made, file)

    async def create_in(self, server: PostgresServer) -> str:
        """Make a database of PostgreSQL. Returns its name."""
        made = f"migrated_{self.service}"
        if not await server.has_database(made):
            await server.create_database(made)
            async with open_database(server.url(made), service=self.service, migrations=self.migrations):
                pass
        return await server.create_database(template=made)


def _copy(made: Path, file: Path) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, file)


_SERVICES = ROOT / "services"
AUTH = Schema("auth", _SERVICES / "auth" / "migrations")
INGEST = Schema("ingest", _SERVICES / "ingest" / "migrations")
STORAGE = Schema("storage", _SERVICES / "storage" / "migrations")


@cache
def _folder() -> TemporaryDirectory[str]:
    """This process's, as long as it lives."""
    return TemporaryDirectory(prefix="snowlight-migrated-")


def migrated_database(schema: Schema) -> Callable[..., Any]:
    """A fixture, the URL of a test's own database: the test runs on SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgres"])
    async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
        if request.param == "sqlite":
            file = tmp_path / "test.db"
            schema.copy_to(file)
            yield f"sqlite+aiosqlite:///{file}"
            return
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = await schema.create_in(server)
        yield server.url(name)
        await server.drop_database(name)

    return database_url
