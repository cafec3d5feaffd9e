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
from uuid import uuid4

import pytest

from snowlight.database import open_database
from tests.parts.part import ROOT
from tests.parts.postgres import PostgresServer


@dataclass(frozen=True)
class Schema:
    """One service's."""

    service: str
    migrations: Path

    async def copy_to(self, file: Path) -> None:
        """Make a database of SQLite where there is none."""
        made = Path(_folder().name) / f"{self.service}.db"
        if not made.exists():
            partial = made.with_name(f"{uuid4().hex}.partial")  # others may make it meanwhile
            await self._make(f"sqlite+aiosqlite:///{partial}")
            partial.replace(made)
        _copy(made, file)

    async def create_in(self, server: PostgresServer) -> str:
        """Make a database of PostgreSQL. Returns its name."""
        made = f"migrated_{self.service}"
        if not await server.has_database(made):
            await server.create_database(made)
            await self._make(server.url(made))
        return await server.create_database(template=made)

    async def _make(self, url: str) -> None:
        async with open_database(url, service=self.service, migrations=self.migrations):
            pass


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
            await schema.copy_to(file)
            yield f"sqlite+aiosqlite:///{file}"
            return
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = await schema.create_in(server)
        yield server.url(name)
        await server.drop_database(name)

    return database_url
