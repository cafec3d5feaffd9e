"""Hashes made up later, apart from those that were committed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "found_hashes",
        sa.Column("camera_uid", _uid(), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("camera_uid", "start_ms", "key"),
    )


def _uid() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
