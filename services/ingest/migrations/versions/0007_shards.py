"""Cameras belong to shards, and shards to workers, who follow each other's changes of state."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_SHARDS = 1024
_FIRST_WORKER = "0"


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("heartbeat_ms", sa.BigInteger, nullable=False),
    )
    for name, kind, default in (
        ("owner", sa.String(64), ""),
        ("previous", sa.String(64), ""),
        ("successor", sa.String(64), ""),
        ("ready", sa.Boolean, sa.false()),
    ):
        op.add_column("shards", sa.Column(name, kind, nullable=False, server_default=default))
    _spread()
    _name_spools()
    _number_changes()


def _spread() -> None:
    """What shard 0 was, all shards are: there was no other."""
    connection = op.get_bind()
    shards = sa.table("shards", sa.column("shard"), sa.column("epoch"))
    seen = sa.table("online_seen", sa.column("shard"), sa.column("until_ms"))
    of_all = connection.execute(sa.select(shards.c.epoch).where(shards.c.shard == 0)).scalar()
    first = 0 if of_all is None else 1
    op.bulk_insert(shards, [{"shard": n, "epoch": of_all or 0} for n in range(first, _SHARDS)])
    until_ms = connection.execute(sa.select(seen.c.until_ms).where(seen.c.shard == 0)).scalar()
    if until_ms is not None:
        op.bulk_insert(seen, [{"shard": n, "until_ms": until_ms} for n in range(1, _SHARDS)])


def _name_spools() -> None:
    """A spool is a worker's."""
    spools = op.create_table(
        "worker_spools",
        sa.Column("worker", sa.String(64), primary_key=True),
        sa.Column("identity", sa.String(64), nullable=False),
    )
    old = sa.table("spools", sa.column("shard"), sa.column("identity"))
    op.execute(
        spools.insert().from_select(
            ["worker", "identity"],
            sa.select(sa.literal(_FIRST_WORKER), old.c.identity).where(old.c.shard == 0),
        )
    )
    op.drop_table("spools")


def _number_changes() -> None:
    """In the order in which they are written. Those of before have no number."""
    head = op.create_table(
        "state_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0}])
    op.add_column("state_changes", sa.Column("number", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("state_changes_by_number", "state_changes", ["number"])
