"""`snowlight migrate`: brings the databases up to date, before services start that need them so.

A service does so itself at its start. As the first step of an upgrade it fails before anything is replaced.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import sqlalchemy as sa
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from snowlight.database import Database, migrate_here, open_database
from snowlight.errors import FailedPreconditionError, SnowlightError, UnavailableError
from snowlight.migrations import current_revision, newest_revision
from snowlight.runtime import sentences

RETRY_SECONDS = 1.0


class DatabasesSettings(BaseSettings):
    """Each service's database: the services' own settings, of which the rest is not needed here."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_", frozen=True, extra="ignore")

    auth_database_url: str | None = Field(None, repr=False)
    storage_database_url: str | None = Field(None, repr=False)
    ingest_database_url: str | None = Field(None, repr=False)

    def by_service(self) -> dict[str, str]:
        """The URLs that are set. Raises FailedPreconditionError where none is."""
        urls = {
            "auth": self.auth_database_url,
            "storage": self.storage_database_url,
            "ingest": self.ingest_database_url,
        }
        told = {service: url for service, url in urls.items() if url}
        if not told:
            names = ", ".join(f"SNOWLIGHT_{service.upper()}_DATABASE_URL" for service in urls)
            raise FailedPreconditionError("config.database_url", f"none is set of {names}")
        return told


def main(arguments: list[str]) -> int:
    """Returns the process's exit status: 0 all are up to date, 1 one is not, and why is on standard error."""
    options = _parser().parse_args(arguments)
    if options.wait < 0:
        _parser().error("--wait must not be negative")
    try:
        for service, url in DatabasesSettings().by_service().items():
            told = asyncio.run(bring_up_to_date(service, url, wait_seconds=options.wait))
            print(f"{service}: {told}", flush=True)  # noqa: T201 - the command's output
    except (SnowlightError, ValidationError) as error:
        for line in sentences(error):
            print(f"snowlight: {line}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


async def bring_up_to_date(service: str, url: str, *, wait_seconds: float) -> str:
    """Returns what was done. A database that does not answer is asked again for `wait_seconds`.

    Raises UnavailableError when it has not answered by then, FailedPreconditionError when it refuses or is of
    a newer version. Neither tells the URL.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return await _migrate(service, url)
        except UnavailableError as error:
            if time.monotonic() + RETRY_SECONDS > deadline:
                raise UnavailableError(
                    error.code, f"the database of {service} has not answered for {wait_seconds:g} s"
                ) from error
        except sa.exc.DBAPIError as error:  # its own text has the statement, and what was written with it
            raise FailedPreconditionError(
                "database.migration", f"the database of {service} refuses: {error.orig}"
            ) from error
        await asyncio.sleep(RETRY_SECONDS)


async def _migrate(service: str, url: str) -> str:
    migrations = Path(__file__).parent / service / "migrations"
    newest = newest_revision(migrations)
    told = f"is at {newest} already"

    async def migrate(database: Database, service: str, migrations: Path) -> None:
        nonlocal told
        async with database.read() as connection:
            found = await connection.run_sync(current_revision, service)
        await migrate_here(database, service, migrations)
        told = f"was {f'at {found}' if found else 'empty'}, is at {newest}"

    async with open_database(url, service=service, migrations=migrations, migrate=migrate):
        return told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snowlight migrate",
        description="Brings the database of each SNOWLIGHT_AUTH_DATABASE_URL, SNOWLIGHT_STORAGE_DATABASE_URL "
        "and SNOWLIGHT_INGEST_DATABASE_URL that is set up to date. Safe to run twice, and beside services.",
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a database may not answer before this gives up (default: %(default)g)",
    )
    return parser
