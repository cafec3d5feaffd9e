"""`snowlight drain`: what a pod of ingest does before it is stopped."""

import argparse
import asyncio
import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from services.ingest.config import IngestSettings
from services.ingest.shards.drains import STOP, DrainRepository, Remains
from snowlight.database import Database, open_database
from snowlight.errors import FailedPreconditionError, SnowlightError, UnavailableError
from snowlight.migrations import current_revision
from snowlight.runtime import sentences

LOOK_SECONDS = 0.5
DESCRIPTION = "Have this pod's workers give away what they record, and upload what they have recorded."


def main(arguments: Sequence[str] = ()) -> int:
    """Have the workers of this pod give away what they record, and upload what they have recorded.

    0: they have; 1: not all of it, or the settings are wrong. Exits with 2 when it is called wrongly."""
    parser = argparse.ArgumentParser(prog="snowlight drain", description=DESCRIPTION)
    parser.add_argument(
        "--wait", type=_seconds, default=300.0, metavar="SECONDS", help="how long that may take (300)"
    )
    told = parser.parse_args(arguments)
    try:
        settings = IngestSettings()
    except ValidationError as error:
        return _failed(*sentences(error))
    pod, url = settings.kubernetes.pod, settings.database_url
    if not (pod and url):
        missing = "SNOWLIGHT_INGEST_DATABASE_URL" if pod else "SNOWLIGHT_KUBERNETES_POD"
        return _failed(f"{missing} must be set")
    try:
        left = asyncio.run(drain(url, pod, told.wait))
    except SnowlightError as error:
        return _failed(str(error))
    if left:
        return _failed(f"{left.shards} shards and {left.spool_files} files are left")
    return 0


def _seconds(text: str) -> float:
    """A time that ends."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"must be seconds, more than 0, and not {text!r}")
    return seconds


def _failed(*sentences: str) -> int:
    sys.stderr.writelines(f"snowlight: {sentence}\n" for sentence in sentences)
    return 1


async def drain(url: str, pod: str, seconds: float) -> Remains:
    """Have the workers of `pod` drain. What is left when all is done or time is up.

    Raises UnavailableError if the database is away then, FailedPreconditionError if it refuses or is not
    one of ingest.
    """
    migrations = Path(__file__).parent / "ingest" / "migrations"
    left: Remains | None = None
    away = UnavailableError("database.unavailable", "the database has not answered in time")
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while left is None or left:
                try:
                    async with open_database(
                        url, service="ingest", migrations=migrations, migrate=_not_here
                    ) as database:
                        drains = DrainRepository(database)
                        while left := await _ask(drains, pod):  # noqa: ASYNC110 - the database tells nobody
                            await asyncio.sleep(LOOK_SECONDS)
                except UnavailableError as error:
                    left, away = None, error
                    await asyncio.sleep(LOOK_SECONDS)
    if left is None:
        raise away
    return left


async def _ask(drains: DrainRepository, pod: str) -> Remains:
    """What is left. Asked for each time: a worker that begins anew forgets it."""
    await drains.ask(pod, STOP)
    return await drains.remains(pod)


async def _not_here(database: Database, service: str, migrations: Path) -> None:
    """The workers have done it, maybe to a newer version than this one."""
    async with database.read() as connection:
        if await connection.run_sync(current_revision, service) is None:
            raise FailedPreconditionError("drain.no_ingest", "no worker of ingest has used this database yet")
