"""Migrations of a database. Alembic carries them out, and is loaded where there is one to carry out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from snowlight.errors import FailedPreconditionError

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


def is_newest(connection: sa.Connection, service: str, migrations: Path) -> bool:
    """The schema is what the newest of `migrations` leaves."""
    return current_revision(connection, service) == newest_revision(migrations)


def current_revision(connection: sa.Connection, service: str) -> str | None:
    """The last migration that `service`'s tables have been through; None where there are none yet."""
    name = _version_table(service)
    if not sa.inspect(connection).has_table(name):
        return None
    revision = connection.execute(sa.text(f"SELECT version_num FROM {name}")).scalar_one_or_none()  # noqa: S608
    return None if revision is None else str(revision)


def newest_revision(migrations: Path) -> str:
    """The last of `migrations`: a file is named for its revision, as in `0001_first.py`."""
    return max(file.name.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*.py"))


def upgrade(connection: sa.Connection, service: str, migrations: Path) -> None:
    """Carry out what is missing, in the transaction of `connection`.

    Raises FailedPreconditionError where a newer version has been at work.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    _refuse_newer(current_revision(connection, service), service, migrations)

    def to_head(revision: Any, _context: "MigrationContext") -> Any:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(config, script, fn=to_head, destination_rev="head") as environment:
        environment.configure(connection=connection, version_table=_version_table(service))
        environment.run_migrations()


def _refuse_newer(found: str | None, service: str, migrations: Path) -> None:
    newest = newest_revision(migrations)
    if found is not None and found > newest:
        raise FailedPreconditionError(
            "database.newer",
            f"the database of {service} is at {found}, of a newer Snowlight than this, which knows {newest}",
        )


def _version_table(service: str) -> str:
    return f"alembic_version_{service}"
