"""What is on the volumes of workers that are gone, in the database, SQLite or PostgreSQL alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

_absent = sa.Table(
    "absent_spools",
    sa.MetaData(),
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("until_ms", sa.BigInteger, primary_key=True),
    sa.Column("worker", sa.String),
    sa.Column("since_ms", sa.BigInteger),
    sa.Column("noted_ms", sa.BigInteger),
    sa.Column("told", sa.Boolean),
)


@dataclass(frozen=True, slots=True)
class Absent:
    """A camera's footage that its former worker recorded and may not have committed. Times are ms since 1970
    UTC."""

    camera_uid: str
    until_ms: int
    worker: str
    since_ms: int
    """Before that there was none; once it is `told`, from where on nothing is committed."""
    noted_ms: int
    """When another worker took the camera; 0 once it is known that the footage is lost."""
    told: bool = False
    """The ledger has a row for this span."""


class AbsentRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, absent: Sequence[Absent]) -> None:
        """Keep these until they are forgotten. May be repeated."""
        if absent:
            async with self._database.write() as connection:
                insert = conflict_insert(self._database.engine, _absent).on_conflict_do_nothing()
                await connection.execute(insert, [asdict(each) for each in absent])

    async def due(self, noted_before_ms: int) -> list[Absent]:
        """What the ledger has no row of, and what was noted before, oldest first."""
        is_due = sa.or_(_absent.c.told.is_(False), _absent.c.noted_ms < noted_before_ms)
        columns = (_absent.c[name] for name in Absent.__slots__)
        query = sa.select(*columns).where(is_due).order_by(_absent.c.noted_ms)
        async with self._database.read() as connection:
            return [Absent(*row) for row in await connection.execute(query)]

    async def replace(self, absent: Absent, told: Sequence[Absent]) -> None:
        """`told` has the parts of `absent` that are missing; nobody need ask about the rest. What ends where
        another that is kept ends is the same."""
        async with self._database.write() as connection:
            await connection.execute(_absent.delete().where(*_is(absent)))
            if told:
                insert = conflict_insert(self._database.engine, _absent).on_conflict_do_nothing()
                await connection.execute(insert, [asdict(each) for each in told])

    async def came_back(self, worker: str, *, is_lost: bool) -> None:
        """The worker has its spool and goes on with it, or `is_lost`: has come with another one."""
        its = _absent.c.worker == worker
        async with self._database.write() as connection:
            if is_lost:
                await connection.execute(_absent.update().where(its).values(noted_ms=0))
            else:
                await connection.execute(_absent.delete().where(its))


def _is(absent: Absent) -> tuple[sa.ColumnElement[bool], ...]:
    return _absent.c.camera_uid == absent.camera_uid, _absent.c.until_ms == absent.until_ms
