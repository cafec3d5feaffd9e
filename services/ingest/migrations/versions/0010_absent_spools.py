"""Footage on the volumes of workers that are gone, of which nobody knows yet whether they come back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "absent_spools",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("until_ms", sa.BigInteger, primary_key=True),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("noted_ms", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
    )
