"""How much of each hour, and later of each day, a camera was online."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "online_hours",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("hour_ms", sa.BigInteger, primary_key=True),
        sa.Column("enabled_ms", sa.Integer, nullable=False),
        sa.Column("online_ms", sa.Integer, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.SmallInteger, nullable=False),
    )
    op.create_index("online_hours_by_hour", "online_hours", ["hour_ms"])
    op.create_table(
        "online_days",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("day_ms", sa.BigInteger, primary_key=True),
        sa.Column("enabled_ms", sa.Integer, nullable=False),
        sa.Column("online_ms", sa.Integer, nullable=False),
    )
    op.create_index("online_days_by_day", "online_days", ["day_ms"])
    op.create_table(
        "online_seen",
        sa.Column("shard", sa.Integer, primary_key=True),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
