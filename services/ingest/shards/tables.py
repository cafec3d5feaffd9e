"""Tables of workers and shards; what the columns mean is told in `services.ingest.shards.rows`."""

import sqlalchemy as sa

_metadata = sa.MetaData()
shards = sa.Table(
    "shards",
    _metadata,
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger),
    sa.Column("owner", sa.String),
    sa.Column("previous", sa.String),
    sa.Column("successor", sa.String),
    sa.Column("ready", sa.Boolean),
)
workers = sa.Table(
    "workers",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("run", sa.String),
    sa.Column("address", sa.String),
    sa.Column("weight", sa.Double),
    sa.Column("correction", sa.Double),
    sa.Column("heartbeat_ms", sa.BigInteger),
    sa.Column("zone", sa.String),
    sa.Column("pod", sa.String),
    sa.Column("stops", sa.Boolean),
    sa.Column("seen_ms", sa.BigInteger),
    sa.Column("cameras", sa.Integer),
    sa.Column("bits_per_second", sa.BigInteger),
    sa.Column("cores", sa.Double),
    sa.Column("spool_files", sa.Integer),
    sa.Column("spool_level", sa.Double),
)

drains = sa.Table(
    "drains",
    _metadata,
    sa.Column("pod", sa.String, primary_key=True),
    sa.Column("asked_by", sa.String, primary_key=True),
)
