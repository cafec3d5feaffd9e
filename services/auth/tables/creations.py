"""What is remembered of creations that may be asked for again."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

creations = sa.Table(
    "creations",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    # Of what was made, "consents/{id}".
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False, index=True),
)
