"""Migrations of a database. Alembic carries them out, and is loaded where there is one to carry out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


def is_newest(connection: sa.Connection, service: str, migrations: Path) -> bool:
    """The schema is what the newest of `migrations` leaves: its file is named for its revision, as in
    `0001_first.py`."""
    name = _version_table(service)
    if not sa.inspect(connection).has_table(name):
        return False
    revisions = connection.execute(sa.text(f"SELECT version_num FROM {name}")).scalars().all()  # noqa: S608
    newest = max(file.name.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*.py"))
    return revisions == [newest]


def upgrade(connection: sa.Connection, service: str, migrations: Path) -> None:
    """Carry out what is missing, in the transaction of `connection`."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def to_head(revision: Any, _context: "MigrationContext") -> Any:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(config, script, fn=to_head, destination_rev="head") as environment:
        environment.configure(connection=connection, version_table=_version_table(service))
        environment.run_migrations()


def _version_table(service: str) -> str:
    return f"alembic_version_{service}"
