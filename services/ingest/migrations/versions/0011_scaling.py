"""Workers tell their zone, their pod and what they have to do, and may be told to drain."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for name, kind, default in (
        ("zone", sa.String(63), ""),
        ("pod", sa.String(253), ""),
        ("stops", sa.Boolean, sa.false()),
        ("seen_ms", sa.BigInteger, "0"),
        ("cameras", sa.Integer, "0"),
        ("bits_per_second", sa.BigInteger, "0"),
        ("cores", sa.Double, "0"),
        ("spool_files", sa.Integer, "0"),
        ("spool_level", sa.Double, "0"),
    ):
        op.add_column("workers", sa.Column(name, kind, nullable=False, server_default=default))
    op.create_table(
        "drains",
        sa.Column("pod", sa.String(253), primary_key=True),
        sa.Column("asked_by", sa.String(16), primary_key=True),
    )
