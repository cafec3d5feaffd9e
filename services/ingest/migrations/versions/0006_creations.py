"""Which request has made which camera, for those who ask again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "creations",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("camera_uid", sa.String(26), nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False, index=True),
    )
