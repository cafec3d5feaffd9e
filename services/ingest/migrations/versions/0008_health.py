"""How well each camera's stream came, by hour."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "health_hours",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("hour_ms", sa.BigInteger, primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("media_ms", sa.BigInteger, nullable=False),
        sa.Column("pictures", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("lost", sa.BigInteger, nullable=False),
        sa.Column("jitter_ms", sa.BigInteger, nullable=False),
        sa.Column("reconnects", sa.BigInteger, nullable=False),
    )
    op.create_index("health_hours_by_hour", "health_hours", ["hour_ms"])
