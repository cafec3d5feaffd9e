"""The spool's identity, what went with one that was lost, and what storage told of its stores."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "spools",
        sa.Column("shard", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(64), nullable=False),
    )
    op.create_table(
        "lost_spools",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, primary_key=True),
    )
    op.create_table(
        "stores_told",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message", sa.LargeBinary, nullable=False),
    )
