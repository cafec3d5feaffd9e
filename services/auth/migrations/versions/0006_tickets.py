"""Tickets are kept while they live: to put one to sleep, to decide it again, to see who uses it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005_tokens"

_TEXTS = (
    "camera_uid",
    "action",
    "purpose",
    "acting_person",
    "acting_unit",
    "acting_reason",
    "client_id",
    "remote_address",
)


def upgrade() -> None:
    texts: list[sa.Column[Any]] = [sa.Column(name, sa.Text, nullable=False) for name in _TEXTS]
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Text, primary_key=True),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False, index=True),
        sa.Column("shared", sa.Boolean, nullable=False),
        *texts,
        sa.Column("window_start_ms", sa.BigInteger),
        sa.Column("window_end_ms", sa.BigInteger),
        sa.Column("grants", sa.JSON, nullable=False),
        sa.Column("obligations", sa.JSON, nullable=False),
        sa.Column("max_viewers", sa.Integer, nullable=False),
        sa.Column("expire_ms", sa.BigInteger, nullable=False),
        sa.Column("use_ms", sa.BigInteger, nullable=False),
        sa.Column("play_ms", sa.BigInteger, nullable=False),
        sa.Column("revoke_ms", sa.BigInteger),
    )
    op.create_table(
        "ticket_uses",
        sa.Column("ticket_id", sa.Text, primary_key=True),
        sa.Column("gateway", sa.Text, primary_key=True),
        sa.Column("report", sa.BigInteger, nullable=False),
        sa.Column("viewers", sa.JSON, nullable=False),
    )
    op.create_index("ix_revocations_subject", "revocations", ["subject"])
