"""Packed days, versions of cameras, policies, holds, exports, stores, leases; segments partitioned by day."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

CAUSES = (
    "camera_offline",
    "auth_failed",
    "network",
    "ingest_restart",
    "spool_full",
    "store_outage",
    "lost_object",
    "spool_lost",
    "disabled",
    "schedule",
    "unknown",
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _partition_segments()
    else:
        op.add_column("segments", sa.Column("doomed", sa.Boolean, nullable=False, server_default=sa.false()))
    _expire_by_index()
    _extend_epochs()
    _extend_cameras()
    _create_tables()


def _partition_segments() -> None:
    """By day of start. What has no partition of its own lies in the default one."""
    op.execute("ALTER TABLE segments RENAME TO segments_unpartitioned")
    op.execute("ALTER INDEX segments_pkey RENAME TO segments_unpartitioned_pkey")
    op.execute(
        """
        CREATE TABLE segments (
            camera_uid text COLLATE "C" NOT NULL, start_ms bigint NOT NULL, duration_ms integer NOT NULL,
            epoch bigint NOT NULL, sequence bigint NOT NULL, init8 text NOT NULL, store text NOT NULL,
            size bigint NOT NULL, session bigint NOT NULL, init_size integer NOT NULL, codecs text NOT NULL,
            sha256 bytea NOT NULL, fragments bytea NOT NULL, tombstone_ms bigint,
            doomed boolean NOT NULL DEFAULT false,
            PRIMARY KEY (camera_uid, start_ms, duration_ms, epoch, sequence, init8)
                INCLUDE (store, size, session, init_size, codecs, sha256, tombstone_ms)
        ) PARTITION BY RANGE (start_ms)
        """
    )
    op.execute("CREATE TABLE segments_default PARTITION OF segments DEFAULT")
    op.execute("INSERT INTO segments SELECT *, false FROM segments_unpartitioned")
    op.execute("DROP TABLE segments_unpartitioned")


def _extend_epochs() -> None:
    with op.batch_alter_table("epochs") as batch:
        batch.add_column(sa.Column("late_until_ms", sa.BigInteger, nullable=False, server_default="0"))


def _expire_by_index() -> None:
    """Buried segments are few among all: the sweeper finds them without reading the others."""
    buried = sa.text("tombstone_ms IS NOT NULL")
    op.create_index(
        "segments_buried",
        "segments",
        ["store", "doomed", "tombstone_ms"],
        postgresql_where=buried,
        sqlite_where=buried,
    )


def _extend_cameras() -> None:
    with op.batch_alter_table("cameras") as batch:
        batch.add_column(sa.Column("region", sa.Text, nullable=False, server_default=""))
        batch.add_column(sa.Column("camera_class", sa.Integer, nullable=False, server_default="3"))
        batch.add_column(sa.Column("ownership", sa.Integer, nullable=False, server_default="1"))
        batch.add_column(sa.Column("kept_days", sa.Integer, nullable=False, server_default="30"))
        batch.add_column(sa.Column("minimum_days", sa.Integer, nullable=False, server_default="30"))
    op.execute("UPDATE cameras SET kept_days = retention_days, minimum_days = retention_days")
    op.execute("DELETE FROM feeds")  # the feed tells again what the new columns need


def _create_tables() -> None:
    big, text = sa.BigInteger, sa.Text

    def column(name: str, kind: type[sa.types.TypeEngine[Any]], *, nullable: bool = False) -> sa.Column[Any]:
        return sa.Column(name, kind, nullable=nullable)

    op.create_table(
        "packed_days",
        sa.Column("camera_uid", _uid(), nullable=False),
        column("day", sa.Integer),
        column("store", text),
        column("generation", sa.Integer),
        column("size", big),
        column("objects", sa.Integer),
        column("bytes", big),
        column("first_ms", big),
        column("last_ms", big),
        column("kept_from_ms", big),
        column("spans", sa.LargeBinary),
        sa.PrimaryKeyConstraint("camera_uid", "day", "store"),
    )
    op.create_table(
        "camera_versions",
        sa.Column("camera_uid", _uid(), nullable=False),
        column("from_ms", big),
        sa.Column("region", _prefixed(), nullable=False),
        column("camera_class", sa.Integer),
        column("ownership", sa.Integer),
        column("enabled", sa.Boolean),
        column("schedule", text),
        column("retention_days", sa.Integer),
        column("operator", text),
        sa.PrimaryKeyConstraint("camera_uid", "from_ms"),
    )
    op.create_table("deletions", sa.Column("camera_uid", _uid(), primary_key=True), column("until_ms", big))
    op.create_table(
        "integrity_days",
        sa.Column("camera_uid", _uid(), nullable=False),
        column("start_ms", big),
        column("end_ms", big),
        sa.Column("day", _prefixed(), nullable=False),
        sa.Column("region", _prefixed(), nullable=False),
        column("scheduled_ms", big),
        column("longest_gap_ms", big),
        column("leading_gap_ms", big),
        column("trailing_gap_ms", big),
        sa.Column("stale", sa.Boolean, nullable=False, server_default=sa.false()),
        *(column(f"missing_{cause}_ms", big) for cause in CAUSES),
        sa.PrimaryKeyConstraint("camera_uid", "start_ms"),
    )
    op.create_index("integrity_days_by_day", "integrity_days", ["day", "region"])
    op.create_table(
        "retention_policies",
        sa.Column("name", text, primary_key=True),
        column("days", sa.Integer),
        column("minimum_days", sa.Integer),
        column("updated_ms", big),
        column("updated_by", text),
    )
    op.create_table(
        "holds",
        sa.Column("id", text, primary_key=True),
        sa.Column("request_id", text, unique=True),
        sa.Column("camera_uid", _uid(), nullable=False),
        column("start_ms", big),
        column("end_ms", big),
        column("case_number", text),
        column("reason", text),
        column("expire_ms", big, nullable=True),
        column("created_by", text),
        column("create_ms", big),
        column("released_by", text, nullable=True),
        column("release_ms", big, nullable=True),
        column("release_reason", text, nullable=True),
        column("missing", sa.JSON),
    )
    op.create_index("holds_of_camera", "holds", ["camera_uid", "end_ms"])
    op.create_table(
        "exports",
        sa.Column("id", text, primary_key=True),
        sa.Column("request_id", text, unique=True),
        column("camera_uids", sa.JSON),
        column("start_ms", big),
        column("end_ms", big),
        column("case_number", text),
        column("reason", text),
        column("created_by", text),
        column("create_ms", big),
        column("state", text),
        column("error", text),
        column("bytes_total", big),
        column("bytes_done", big),
        column("immutable", sa.Boolean),
        column("retain_until_ms", big),
    )
    op.create_table(
        "store_usage",
        column("store", text),
        column("hour", sa.Integer),
        column("at_ms", big),
        column("used_bytes", big),
        column("capacity_bytes", big),
        column("fill", text),
        column("days_left", sa.Double),
        sa.PrimaryKeyConstraint("store", "hour"),
    )
    op.create_table("region_stores", sa.Column("region", text, primary_key=True), column("store", text))
    op.create_table("known_stores", sa.Column("name", text, primary_key=True), column("since_ms", big))
    op.create_table(
        "leases", sa.Column("name", text, primary_key=True), column("holder", text), column("expires_ms", big)
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        column("kind", text),
        column("subject", text),
        column("body", sa.LargeBinary),
    )
    op.create_table(
        "checked_days",
        sa.Column("camera_uid", _uid(), nullable=False),
        column("day", sa.Integer),
        column("store", text),
        column("checked_ms", big),
        sa.PrimaryKeyConstraint("camera_uid", "day", "store"),
    )
    op.create_index("checked_days_age", "checked_days", ["checked_ms"])
    op.create_table(
        "set_aside",
        column("store", text),
        column("key", text),
        column("reason", text),
        column("found_ms", big),
        sa.PrimaryKeyConstraint("store", "key"),
    )


def _uid() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _prefixed() -> sa.types.TypeEngine[str]:
    """For codes, which are looked for by their beginning."""
    return _uid()
