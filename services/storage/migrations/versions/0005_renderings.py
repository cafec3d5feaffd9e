"""Exports that are rendered to files which play everywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("exports", sa.Column("rendering", sa.JSON))
    op.add_column("exports", sa.Column("phase", sa.Text, nullable=False, server_default="waiting"))
    op.add_column("exports", sa.Column("percent", sa.Integer, nullable=False, server_default="0"))
    op.add_column("exports", sa.Column("rendered", sa.JSON))
    op.add_column("exports", sa.Column("expire_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("exports", sa.Column("expired", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("exports_by_creator", "exports", ["created_by", "id"])
