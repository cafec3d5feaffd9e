"""The audit and its chain. On PostgreSQL audit_records and audit_links are partitioned by month."""

import sqlalchemy as sa

from services.auth.tables.base import LenientJson, metadata

audit_records = sa.Table(
    "audit_records",
    metadata,
    sa.Column(
        "record_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("tier", sa.Integer, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("acting_person", sa.Text, nullable=False),
    sa.Column("acting_unit", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger),
    sa.Column("window_end_ms", sa.BigInteger),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("policies", sa.JSON().with_variant(LenientJson(), "sqlite"), nullable=False),
    sa.Column("remote_address", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("watched_s", sa.BigInteger, nullable=False),
    sa.Column("watched_bytes", sa.BigInteger, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sqlite_autoincrement=True,  # the id of a record that was removed is not given out again
)

# Records that are in no chain yet: a trigger of audit_records adds them.
audit_unlinked = sa.Table(
    "audit_unlinked",
    metadata,
    sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
)

# A record's place in the chain of its day, and what records are found by.
audit_links = sa.Table(
    "audit_links",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # since 1970 UTC
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("camera_uid", sa.Text, nullable=False),
    # Codes of the regions around, from the top, each with a stroke behind it; empty when they are not known.
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("county", sa.Text, nullable=False),
    sa.Column("town", sa.Text, nullable=False),
    sa.Column("village", sa.Text, nullable=False),
)

# The signed heads of days that are over.
audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("jws", sa.Text, nullable=False),
)

# Months whose records were dropped by retention, [start, end), with a signed statement of it.
audit_drops = sa.Table(
    "audit_drops",
    metadata,
    sa.Column("start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("jws", sa.Text, nullable=False),
)
