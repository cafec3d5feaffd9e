"""Tickets know for whom they count where those that play at once are counted: until now for their session."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("counts_for", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE tickets SET counts_for = session_id")
    op.create_index("ix_tickets_counts_for", "tickets", ["counts_for"])
    op.drop_index("ix_tickets_session_id", "tickets")  # nobody looks for those of a session any more
