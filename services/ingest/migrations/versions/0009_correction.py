"""Workers' weights are corrected, so that each has its share of the bit rate."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("workers", sa.Column("correction", sa.Double, nullable=False, server_default="1"))
