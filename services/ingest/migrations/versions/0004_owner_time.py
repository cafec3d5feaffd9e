"""Since when a camera is its owner's."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    column = sa.Column("owner_time_ms", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("cameras", column)
    op.execute("UPDATE cameras SET owner_time_ms = create_time_ms")  # nobody knows of a change before
