"""The tables of the footage index. Instants are ms since 1970 UTC."""

import sqlalchemy as sa

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
)

segment_end = segments.c.start_ms + segments.c.duration_ms

epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
)

gaps = sa.Table(
    "gaps",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
)

cameras = sa.Table(
    "cameras",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("retention_days", sa.Integer, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("deleted_ms", sa.BigInteger),
)

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
