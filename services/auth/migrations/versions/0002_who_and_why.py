"""The audit tells who somebody was and which policies decided; what was taken away is told in order."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXTS = ("organisation", "line", "scope", "acting_person", "acting_unit", "detail")


def upgrade() -> None:
    columns: list[sa.Column[Any]] = [
        sa.Column("event", sa.Text, nullable=False, server_default="decision"),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in _TEXTS),
        sa.Column("tier", sa.Integer, nullable=False, server_default="0"),
        sa.Column("policies", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("watched_s", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("watched_bytes", sa.BigInteger, nullable=False, server_default="0"),
    ]
    for column in columns:
        op.add_column("audit_records", column)
    op.create_table(
        "revocations",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
    )
