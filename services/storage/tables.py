"""The tables of the footage index. Instants are ms since 1970 UTC."""

import sqlalchemy as sa

from services.storage.ledger.causes import CAUSES, UNKNOWN

metadata = sa.MetaData()

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("duration_ms", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("init8", sa.Text, primary_key=True),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("session", sa.BigInteger, nullable=False),
    sa.Column("init_size", sa.Integer, nullable=False),
    sa.Column("codecs", sa.Text, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("fragments", sa.LargeBinary, nullable=False),
    sa.Column("tombstone_ms", sa.BigInteger),
    # Its object is being deleted: no hold and no policy brings it back from here on.
    sa.Column("doomed", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""Objects of the last days, and older ones between their expiry and their deletion, or held."""

segment_end = segments.c.start_ms + segments.c.duration_ms

epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    # Up to where writers of older epochs have committed since this one was opened.
    sa.Column("late_until_ms", sa.BigInteger, nullable=False, server_default="0"),
)

gaps = sa.Table(
    "gaps",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
)

packed_days = sa.Table(
    "packed_days",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),  # days since 1970 UTC
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # of the index object
    sa.Column("objects", sa.Integer, nullable=False),  # from kept_from_ms on
    sa.Column("bytes", sa.BigInteger, nullable=False),  # of those objects
    sa.Column("first_ms", sa.BigInteger, nullable=False),  # start of the first of them
    sa.Column("last_ms", sa.BigInteger, nullable=False),  # end of the last of them
    # Objects that start before it are no longer this row's: they expired and became rows of `segments` again.
    sa.Column("kept_from_ms", sa.BigInteger, nullable=False),
    # Joined spans of what is recorded, as varints: differences of start, length, start, ...
    sa.Column("spans", sa.LargeBinary, nullable=False),
)
"""Camera-days whose rows lie in an index object of the bucket."""

cameras = sa.Table(
    "cameras",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("retention_days", sa.Integer, nullable=False),  # its own; 0: none
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("deleted_ms", sa.BigInteger),
    sa.Column("region", sa.Text, nullable=False),  # code
    sa.Column("camera_class", sa.Integer, nullable=False),
    sa.Column("ownership", sa.Integer, nullable=False),
    sa.Column("kept_days", sa.Integer, nullable=False),  # by the policy that holds for it
    sa.Column("minimum_days", sa.Integer, nullable=False),  # a full store drops nothing younger
)

camera_versions = sa.Table(
    "camera_versions",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("from_ms", sa.BigInteger, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("camera_class", sa.Integer, nullable=False),
    sa.Column("ownership", sa.Integer, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("schedule", sa.Text, nullable=False),
    sa.Column("retention_days", sa.Integer, nullable=False),
    sa.Column("operator", sa.Text, nullable=False),
)
"""What held of a camera from when on: what was scheduled can be told of any day."""

deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)
"""Up to where footage of a camera was ever deleted in order: what is missing before may have been there."""

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)

integrity_days = sa.Table(
    "integrity_days",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("day", sa.Text, nullable=False),  # "2026-11-26" in the cluster's time zone
    sa.Column("region", sa.Text, nullable=False),  # code
    sa.Column("scheduled_ms", sa.BigInteger, nullable=False),
    sa.Column("longest_gap_ms", sa.BigInteger, nullable=False),
    # Of that, what begins with the row's span and what ends with it: a gap may go on over midnight.
    sa.Column("leading_gap_ms", sa.BigInteger, nullable=False),
    sa.Column("trailing_gap_ms", sa.BigInteger, nullable=False),
    # Footage or ledger changed since: to be computed anew.
    sa.Column("stale", sa.Boolean, nullable=False, server_default=sa.false()),
    *(sa.Column(f"missing_{cause}_ms", sa.BigInteger, nullable=False) for cause in (*CAUSES, UNKNOWN)),
)
"""Closed local days of each camera, by region: a day on which it moved has a row for each part."""

policies = sa.Table(
    "retention_policies",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # "default", "class-1", "region-371326"
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("minimum_days", sa.Integer, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.Text, nullable=False),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("request_id", sa.Text, unique=True),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("expire_ms", sa.BigInteger),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("released_by", sa.Text),
    sa.Column("release_ms", sa.BigInteger),
    sa.Column("release_reason", sa.Text),
    sa.Column("missing", sa.JSON, nullable=False),  # [[start_ms, end_ms], ...]
)

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("request_id", sa.Text, unique=True),
    sa.Column("camera_uids", sa.JSON, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("bytes_total", sa.BigInteger, nullable=False),
    sa.Column("bytes_done", sa.BigInteger, nullable=False),
    sa.Column("immutable", sa.Boolean, nullable=False),
    sa.Column("retain_until_ms", sa.BigInteger, nullable=False),
    sa.Column("rendering", sa.JSON(none_as_null=True)),  # see exports/export.py
    sa.Column("phase", sa.Text, nullable=False, server_default="waiting"),
    sa.Column("percent", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rendered", sa.JSON(none_as_null=True)),  # files that are whole
    sa.Column("expire_ms", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("expired", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("exporter", sa.JSON(none_as_null=True)),  # see exports/export.py
    sa.Column("camera_clocks", sa.JSON(none_as_null=True)),  # by camera
    sa.Column("request_fingerprint", sa.LargeBinary),
)

region_stores = sa.Table(
    "region_stores",
    metadata,
    sa.Column("region", sa.Text, primary_key=True),  # code
    sa.Column("store", sa.Text, nullable=False),
)

store_usage = sa.Table(
    "store_usage",
    metadata,
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("hour", sa.Integer, primary_key=True),  # since 1970 UTC
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("used_bytes", sa.BigInteger, nullable=False),
    sa.Column("capacity_bytes", sa.BigInteger, nullable=False),
    sa.Column("fill", sa.Text, nullable=False),
    sa.Column("days_left", sa.Double, nullable=False),
)
"""How full stores are, and were in the hours before."""
known_stores = sa.Table(
    "known_stores",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
)
"""Stores that were marked once: one whose mark is missing is not the store that it was."""

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),  # by the database's clock
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # see catalogue/outbox.py
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
"""What changed and is to be written beside the footage, in the transaction that changed it."""

checked_days = sa.Table(
    "checked_days",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("checked_ms", sa.BigInteger, nullable=False),
)
"""When bucket and index were last compared."""

found_hashes = sa.Table(
    "found_hashes",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
)
"""SHA-256 of objects whose recorded one is not known, as they were found later. They show what changes from
then on, and prove nothing about what was recorded."""

set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("found_ms", sa.BigInteger, nullable=False),
)
"""Objects found without a row that could not be adopted. Footage lies below `aside/` of its store, what has a
foreign name where it was."""

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("end_ms", sa.BigInteger, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("held_by", sa.JSON, nullable=False),
    sa.Column("remaining_objects", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
"""Windows whose footage is to go, or has gone, at its owner's wish."""
