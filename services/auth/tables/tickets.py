"""The camera model, tickets, and what was revoked."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

cameras = sa.Table(
    "cameras",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("ownership", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("listed_for_residents", sa.Boolean, nullable=False),
    sa.Column("operator", sa.Text, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("owner_ms", sa.BigInteger, nullable=False),  # since when it is its owner's
    sa.Column("revision", sa.BigInteger, nullable=False),
)

camera_feed = sa.Table(
    "camera_feed",
    metadata,
    sa.Column("feed", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.BigInteger, nullable=False),
)

revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False),
    # Whose tickets that play at once it is counted among; empty for nobody's.
    sa.Column("counts_for", sa.Text, nullable=False, server_default="", index=True),
    # A share link: the principal is its sponsor, and somebody else watches.
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger),
    sa.Column("window_end_ms", sa.BigInteger),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("acting_person", sa.Text, nullable=False),
    sa.Column("acting_unit", sa.Text, nullable=False),
    sa.Column("acting_reason", sa.Text, nullable=False),
    # Of a set-top box: whose rights are not all of the person's.
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("remote_address", sa.Text, nullable=False),
    sa.Column("grants", sa.JSON, nullable=False),
    sa.Column("obligations", sa.JSON, nullable=False),
    sa.Column("max_viewers", sa.Integer, nullable=False),
    sa.Column("expire_ms", sa.BigInteger, nullable=False),
    # Made, woken, or last used as far as gateways have told. No index: it changes each minute.
    sa.Column("use_ms", sa.BigInteger, nullable=False),
    # When pictures were last asked for with it; 0 while it was never used.
    sa.Column("play_ms", sa.BigInteger, nullable=False),
    sa.Column("revoke_ms", sa.BigInteger),
)

ticket_uses = sa.Table(
    "ticket_uses",
    metadata,
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("gateway", sa.Text, primary_key=True),
    # The last report of this gateway that was taken down.
    sa.Column("report", sa.BigInteger, nullable=False),
    # [[viewer, first ms, last ms], ...]
    sa.Column("viewers", sa.JSON, nullable=False),
)

sa.Index("ix_revocations_subject", revocations.c.subject)
