"""Keys with which cameras publish."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

publish_keys = sa.Table(
    "publish_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("camera_uid", sa.Text, nullable=False, index=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("key_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
)
