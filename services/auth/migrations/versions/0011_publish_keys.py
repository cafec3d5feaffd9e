"""Keys with which cameras publish."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "publish_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("camera_uid", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_publish_keys_camera_uid", "publish_keys", ["camera_uid"])
