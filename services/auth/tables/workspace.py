"""How people arrange their work."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

wall_layouts = sa.Table(
    "wall_layouts",
    metadata,
    sa.Column("layout_id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("tiles", sa.Integer, nullable=False),
    # Uids by tile, and by tile of each group.
    sa.Column("camera_uids", sa.JSON, nullable=False),
    sa.Column("patrol", sa.JSON, nullable=False),
    # 0: no patrol.
    sa.Column("patrol_s", sa.Integer, nullable=False),
    # A region's code; empty: the owner's alone.
    sa.Column("shared_with", sa.Text, nullable=False, index=True),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("update_ms", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

favourites = sa.Table(
    "favourites",
    metadata,
    sa.Column("principal", sa.Text, primary_key=True),
    sa.Column("camera_uids", sa.JSON, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)
