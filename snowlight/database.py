"""Databases: SQLite for the embedded default, PostgreSQL for clusters, and their migrations at start.

Only a service's repository modules and this file know which one it is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.migrations import is_newest, upgrade

_MIGRATION_LOCK = 0x534E4F57  # advisory lock: one process migrates a database at a time

_LAST_ACTS = "snowlight_last_acts"


class Database:
    """One service's database. Raises UnavailableError when it cannot be reached."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, and all of it as of one moment; on SQLite it waits for no writer."""
        async with self._connect() as connection:
            await connection.execution_options(snowlight_read_only=True)
            if self.is_postgres:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def ask(self) -> AsyncIterator[AsyncConnection]:
        """For a single statement that reads, which is as of one moment by itself: no transaction is begun on
        PostgreSQL, which saves two of three round trips.
        """
        if not self.is_postgres:
            async with self.read() as connection:
                yield connection
            return
        async with self._connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; committed at the end, rolled back on an exception."""
        async with self._connect() as connection, connection.begin():
            connection.info[_LAST_ACTS] = {}
            yield connection
            for act, items in connection.info.pop(_LAST_ACTS).items():
                await act(connection, items)

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self.engine.connect() as connection:
                yield connection
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, OSError) as error:
            raise UnavailableError("database.unavailable", "the database does not answer") from error
        except sa.exc.DBAPIError as error:
            if not _is_away(error):
                raise
            raise UnavailableError("database.unavailable", "the database does not answer") from error


_AWAY = ("08", "25006", "40", "53", "57")
"""SQLSTATEs, or how they begin, of a server that is restarted, full, a standby, or wants a transaction once
more (PostgreSQL, appendix A)."""
_REFUSED = ("28", "3D")
"""Of one that does not let in who connects, or has no such database."""


def _is_away(error: sa.exc.DBAPIError) -> bool:
    """It is the server that cannot answer now, not the statement that is wrong."""
    return error.connection_invalidated or _state(error).startswith((*_AWAY, *_REFUSED))


def _refusal(error: BaseException | None) -> str:
    """Why the server does not let in who connects, in its own words; empty where that is not why."""
    if isinstance(error, sa.exc.DBAPIError) and _state(error).startswith(_REFUSED):
        return str(error.orig)
    return ""


def _state(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


Act = Callable[[AsyncConnection, list[Any]], Awaitable[object]]


def act_last(connection: AsyncConnection, act: Act, item: object) -> None:
    """Have `act` be done with `item`, and with all others given for it, as the last of a write transaction:
    what takes a lock that all transactions share must not wait for rows with it."""
    connection.info[_LAST_ACTS].setdefault(act, []).append(item)


def take_last(connection: AsyncConnection, act: Act) -> list[Any]:
    """What `act` was to be done with; it is the caller's to do now."""
    taken: list[Any] = connection.info[_LAST_ACTS].pop(act, [])
    return taken


async def migrate_here(database: Database, service: str, migrations: Path) -> None:
    """A Migrate, in this process."""
    async with database.write() as connection:
        if database.is_postgres:
            await connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        await connection.run_sync(upgrade, service, migrations)


Migrate = Callable[[Database, str, Path], Awaitable[None]]
"""Brings a service's database to the newest of its migrations."""


@asynccontextmanager
async def open_database(
    url: str, *, service: str, migrations: Path, migrate: Migrate = migrate_here
) -> AsyncIterator[Database]:
    """Connect to `url`, bring its schema to the newest of `migrations`, and close at the end.

    `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/name`.

    Raises UnavailableError, and FailedPreconditionError for one that refuses or is of a newer version.
    """
    engine = _create_engine(url)
    try:
        database = Database(engine)
        if not await _is_newest(database, service, migrations):
            await migrate(database, service, migrations)
        yield database
    finally:
        await engine.dispose()


async def _is_newest(database: Database, service: str, migrations: Path) -> bool:
    try:
        async with database.read() as connection:
            return await connection.run_sync(is_newest, service, migrations)
    except UnavailableError as error:
        if refusal := _refusal(error.__cause__):
            told = f"the database of {service} refuses: {refusal}"
            raise FailedPreconditionError("database.refused", told) from error
        raise


def _create_engine(url: str) -> AsyncEngine:
    parsed = _parse(url)
    if parsed.drivername == "postgresql+asyncpg":
        engine = create_async_engine(parsed, pool_size=8, max_overflow=8)
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine
    if parsed.drivername != "sqlite+aiosqlite":
        raise FailedPreconditionError(
            "config.database_url", f"{parsed.drivername} is neither sqlite+aiosqlite nor postgresql+asyncpg"
        )
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed)
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # its text has parts of the URL
        raise FailedPreconditionError(
            "config.database_url",
            "not sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME, percent-encoded",
        ) from None


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have a connection that the server has closed replaced. Asking the server takes four round trips."""
    if connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that upgrades from reading to writing fails at once when another wrote meanwhile: take the
    # write lock at the beginning instead.
    read_only = connection.get_execution_options().get("snowlight_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _roll_back(connection: Any, _record: Any, _error: BaseException | None) -> None:
    """End the transaction of a connection that is given up, as that of a cancelled task is.

    SQLite keeps a closed connection's locks while anything refers to a statement of it: a traceback does.
    """
    connection.rollback()
