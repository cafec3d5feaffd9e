"""`snowlight drain`: what a pod of ingest does before it is stopped."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from services.ingest.config import IngestSettings
from services.ingest.shards.drains import STOP, DrainRepository, Remains
from snowlight.database import Database, open_database
from snowlight.errors import SnowlightError, UnavailableError
from snowlight.runtime import sentences

LOOK_SECONDS = 0.5
DESCRIPTION = "Have this pod's workers give away what they record, and upload what they have recorded."


def main(arguments: Sequence[str] = ()) -> int:
    """Have the workers of this pod give away what they record, and upload what they have recorded.

    0: they have; 1: not all of it, or the settings are wrong."""
    parser = argparse.ArgumentParser(prog="snowlight drain", description=DESCRIPTION)
    parser.add_argument(
        "--wait", type=float, default=300.0, metavar="SECONDS", help="how long that may take (300)"
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


def _failed(*sentences: str) -> int:
    sys.stderr.writelines(f"snowlight: {sentence}\n" for sentence in sentences)
    return 1


async def drain(url: str, pod: str, seconds: float) -> Remains:
    """Have the workers of `pod` drain. What is left when all is done or time is up.

    Raises UnavailableError if the database is away then.
    """
    migrations = Path(__file__).parent / "ingest" / "migrations"
    async with open_database(url, service="ingest", migrations=migrations, migrate=_not_here) as database:
        drains = DrainRepository(database)
        left = Remains(0, 0)
        failed: UnavailableError | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        # Asked again each time: a worker that begins anew forgets it.
                        await drains.ask(pod, STOP)
                        left, failed = await drains.remains(pod), None
                        if not left:
                            return left
                    except UnavailableError as error:
                        failed = error
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            if failed is not None:
                raise failed from None
            return left


async def _not_here(database: Database, service: str, migrations: Path) -> None:
    """The workers have done it."""
