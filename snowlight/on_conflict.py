"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells per dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def conflict_insert(
    database: AsyncConnection | AsyncEngine, table: sa.Table
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT into `table` that can say what happens on a conflict.

    What the database's dialect needs was loaded by its engine; the other one's parts are never needed, and
    PostgreSQL's take long.
    """
    if database.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
