"""The registry's tables, as the newest migration leaves them."""

import sqlalchemy as sa

metadata = sa.MetaData()

head = sa.Table(
    "registry_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("revision", sa.BigInteger),
)

cameras = sa.Table(
    "cameras",
    metadata,
    sa.Column("uid", sa.String, primary_key=True),
    sa.Column("id", sa.String),
    sa.Column("revision", sa.BigInteger),
    sa.Column("display_name", sa.String),
    sa.Column("region", sa.String),
    sa.Column("source_url", sa.String),
    sa.Column("source_secret", sa.LargeBinary),
    sa.Column("sub_source_url", sa.String),
    sa.Column("sub_source_secret", sa.LargeBinary),
    sa.Column("camera_class", sa.Integer),
    sa.Column("ownership", sa.Integer),
    sa.Column("owner", sa.String),
    sa.Column("managing_unit", sa.String),
    sa.Column("operator", sa.String),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("listed_for_residents", sa.Boolean),
    sa.Column("audio", sa.Boolean),
    sa.Column("enabled", sa.Boolean),
    sa.Column("schedule", sa.String),
    sa.Column("retention_days", sa.Integer),
    sa.Column("dossier", sa.JSON),
    sa.Column("create_time_ms", sa.BigInteger),
    sa.Column("update_time_ms", sa.BigInteger),
    sa.Column("owner_time_ms", sa.BigInteger),
)

deleted_cameras = sa.Table(
    "deleted_cameras",
    metadata,
    sa.Column("uid", sa.String, primary_key=True),
    sa.Column("id", sa.String),
    sa.Column("revision", sa.BigInteger),
)

creations = sa.Table(
    "creations",
    metadata,
    sa.Column("request_id", sa.String, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary),
    sa.Column("camera_uid", sa.String),
    sa.Column("time_ms", sa.BigInteger),
)
