"""Cameras and their tombstones, state changes and gaps, the epochs of the shards this database hands out."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _bytewise(length: int) -> sa.types.TypeEngine[str]:
    """Text that sorts by its bytes whatever locale the database has: lists page by it, prefixes search it."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    head = op.create_table(
        "registry_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "revision": 0}])
    op.create_table(
        "cameras",
        sa.Column("uid", sa.String(26), primary_key=True),
        sa.Column("id", _bytewise(63), nullable=False, unique=True),
        sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("region", _bytewise(32), nullable=False),
        sa.Column("source_url", sa.String, nullable=False),
        sa.Column("source_secret", sa.LargeBinary),
        sa.Column("sub_source_url", sa.String, nullable=False),
        sa.Column("sub_source_secret", sa.LargeBinary),
        sa.Column("camera_class", sa.Integer, nullable=False),
        sa.Column("ownership", sa.Integer, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("managing_unit", sa.String, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("listed_for_residents", sa.Boolean, nullable=False),
        sa.Column("audio", sa.Boolean, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("schedule", sa.String, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("dossier", sa.JSON, nullable=False),
        sa.Column("create_time_ms", sa.BigInteger, nullable=False),
        sa.Column("update_time_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deleted_cameras",
        sa.Column("uid", sa.String(26), primary_key=True),
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False, unique=True),
    )
    op.create_table(
        "state_changes",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "gaps",
        sa.Column("camera_uid", sa.String(26), primary_key=True),
        sa.Column("start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("end_ms", sa.BigInteger),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("reported", sa.Boolean, nullable=False),
    )
    op.create_index(
        "gaps_unreported",
        "gaps",
        ["camera_uid"],
        sqlite_where=sa.text("NOT reported"),
        postgresql_where=sa.text("NOT reported"),
    )
    op.create_table(
        "shards",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
    )
