"""Layouts of the wall, and favourite cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "wall_layouts",
        sa.Column("layout_id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("tiles", sa.Integer, nullable=False),
        sa.Column("camera_uids", sa.JSON, nullable=False),
        sa.Column("patrol", sa.JSON, nullable=False),
        sa.Column("patrol_s", sa.Integer, nullable=False),
        sa.Column("shared_with", sa.Text, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("update_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_wall_layouts_owner", "wall_layouts", ["owner"])
    op.create_index("ix_wall_layouts_shared_with", "wall_layouts", ["shared_with"])
    op.create_table(
        "favourites",
        sa.Column("principal", sa.Text, primary_key=True),
        sa.Column("camera_uids", sa.JSON, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
