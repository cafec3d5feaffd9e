"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells per dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = postgresql.Insert | sqlite.Insert
    """Can say what happens on a conflict."""


def insert_for(dialect: sa.Dialect) -> Callable[[sa.Table], Insert]:
    """What makes an INSERT into a table. All of `dialect` is loaded, by the engine that has it; the other
    one's parts are never needed, and PostgreSQL's take long."""
    if dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def conflict_insert(connection: AsyncConnection, table: sa.Table) -> Insert:
    """An INSERT into `table` that can say what happens on a conflict."""
    return insert_for(connection.dialect)(table)
