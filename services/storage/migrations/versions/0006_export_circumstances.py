"""Who exports, what their cameras' clocks showed, and what tells their request from another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("exports", sa.Column("exporter", sa.JSON))
    op.add_column("exports", sa.Column("camera_clocks", sa.JSON))
    op.add_column("exports", sa.Column("request_fingerprint", sa.LargeBinary))
