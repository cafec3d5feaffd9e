"""The discontinuity sequence number of each camera's last mux session."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "discontinuities",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
