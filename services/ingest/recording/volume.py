"""The spool's disk has an identity, so that a start notices when it is another one, or an empty one.

A folder that is empty after a crash may have been empty, or its disk may be gone with the minutes that were
open or unsent. The identity lies in the folder and in the database.
"""

import asyncio
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from snowlight.database import Database

MARKER = ".spool-identity"

_metadata = sa.MetaData()
_spools = sa.Table(
    "worker_spools",
    _metadata,
    sa.Column("worker", sa.String, primary_key=True),
    sa.Column("identity", sa.String),
)
_lost = sa.Table(
    "lost_spools",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("since_ms", sa.BigInteger),
    sa.Column("until_ms", sa.BigInteger, primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """A camera's footage up to `until_ms` that was in no store yet is lost; from when on, storage knows."""

    uid: str
    since_ms: int
    """Before that there was none in any case."""
    until_ms: int


class SpoolVolumes:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database, worker: str) -> None:
        """`worker`: by its id."""
        self._database = database
        self._worker = worker

    async def is_lost(self, folder: Path) -> bool:
        """The folder is not the one that this worker spooled to. Raises OSError."""
        known = await self._known()
        if known is None:
            return False
        found = await asyncio.to_thread(_identity, folder)
        # Without its marker a folder that holds footage is the old one all the same.
        return found != known if found else not await asyncio.to_thread(_holds_footage, folder)

    async def adopt(self, folder: Path, lost: Sequence[Unaccounted]) -> None:
        """The folder is the worker's spool from now on; `lost` went with the one before. Raises OSError."""
        identity = await asyncio.to_thread(_make_identity, folder)
        async with self._database.write() as connection:
            updated = await connection.execute(
                _spools.update().where(_spools.c.worker == self._worker).values(identity=identity)
            )
            if not updated.rowcount:
                await connection.execute(_spools.insert().values(worker=self._worker, identity=identity))
            if lost:
                rows = [
                    {"camera_uid": each.uid, "since_ms": each.since_ms, "until_ms": each.until_ms}
                    for each in lost
                ]
                await connection.execute(_lost.insert(), rows)

    async def unaccounted(self) -> list[Unaccounted]:
        """What is lost and has no row of the ledger yet."""
        async with self._database.read() as connection:
            return [Unaccounted(*row) for row in await connection.execute(sa.select(_lost))]

    async def settle(self, accounted: Iterable[Unaccounted]) -> None:
        """The ledger has the rows of `accounted`."""
        async with self._database.write() as connection:
            for each in accounted:
                await connection.execute(
                    _lost.delete().where(_lost.c.camera_uid == each.uid, _lost.c.until_ms == each.until_ms)
                )

    async def _known(self) -> str | None:
        async with self._database.read() as connection:
            query = sa.select(_spools.c.identity).where(_spools.c.worker == self._worker)
            identity: str | None = await connection.scalar(query)
            return identity


def _identity(folder: Path) -> str:
    """Empty when there is none."""
    try:
        return (folder / MARKER).read_text().strip()
    except FileNotFoundError:
        return ""


def _make_identity(folder: Path) -> str:
    """The folder's identity, made if there is none, and on its disk when this returns."""
    identity = _identity(folder)
    if identity:
        return identity
    identity = secrets.token_hex(16)
    with (folder / MARKER).open("w") as file:
        file.write(identity)
        file.flush()
        os.fsync(file.fileno())
    return identity


def _holds_footage(folder: Path) -> bool:
    return any(path.suffix == ".mp4" for path in folder.iterdir())
