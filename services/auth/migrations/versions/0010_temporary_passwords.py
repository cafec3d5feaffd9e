"""A password that somebody else has set must be changed at the first sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    column = sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("principals", column)
