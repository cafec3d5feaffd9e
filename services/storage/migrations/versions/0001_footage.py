"""Segments, writers' epochs, the ledger of gaps, and what storage knows of cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("camera_uid", _uid(), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("init8", sa.Text, nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("init_size", sa.Integer, nullable=False),
        sa.Column("codecs", sa.Text, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("fragments", sa.LargeBinary, nullable=False),
        sa.Column("tombstone_ms", sa.BigInteger),
        # The columns of an object's key, so that a key is there once. A camera's day is one range of this
        # index, and all but the fragment tables is answered from it.
        sa.PrimaryKeyConstraint(
            "camera_uid",
            "start_ms",
            "duration_ms",
            "epoch",
            "sequence",
            "init8",
            postgresql_include=[
                "store",
                "size",
                "session",
                "init_size",
                "codecs",
                "sha256",
                "tombstone_ms",
            ],
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "epochs",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "gaps",
        sa.Column("camera_uid", _uid(), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera_uid", "start_ms"),
        sqlite_with_rowid=False,
    )
    op.create_index("gaps_end", "gaps", ["camera_uid", "end_ms"])
    op.create_table(
        "cameras",
        sa.Column("uid", _uid(), primary_key=True),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger),
    )
    op.create_table(
        "feeds",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )


def _uid() -> sa.types.TypeEngine[str]:
    # Byte order is the same on both databases, and the cheapest on PostgreSQL.
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
