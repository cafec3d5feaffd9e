"""A migration in a process of its own: Alembic is 7 MB, which a service would keep for as long as it runs."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from snowlight.database import Database, open_database
from snowlight.errors import FailedPreconditionError, SnowlightError
from snowlight.worker_process import die_with, worker_environment


async def migrate_apart(database: Database, service: str, migrations: Path) -> None:
    """A Migrate. Raises FailedPreconditionError when it fails; why is on standard error by then."""
    url = database.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "snowlight.migrating", str(os.getpid()), service, str(migrations)),
        stdin=PIPE,
        env=worker_environment(),
    )
    try:
        await process.communicate(json.dumps({"url": url}).encode())  # it has a password: no argument
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        raise FailedPreconditionError("database.migration", f"the database of {service} cannot be migrated")


def main() -> None:
    """`python -m snowlight.migrating PARENT SERVICE MIGRATIONS`, the database's URL on standard input."""
    parent, service, migrations = sys.argv[1:]
    die_with(int(parent))
    try:
        asyncio.run(_migrate(json.load(sys.stdin)["url"], service, Path(migrations)))
    except SnowlightError as error:
        sys.exit(f"snowlight: {error}")


async def _migrate(url: str, service: str, migrations: Path) -> None:
    async with open_database(url, service=service, migrations=migrations):
        pass


if __name__ == "__main__":
    main()
