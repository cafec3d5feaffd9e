"""Sessions know the certificate that began them; certificates have ends and can be revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    fingerprint = sa.Column("certificate_fingerprint", sa.Text, nullable=False, server_default="")
    op.add_column("refresh_families", fingerprint)
    op.create_table(
        "client_certificates",
        sa.Column(
            "client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("show_ms", sa.BigInteger),
    )
    op.create_table(
        "revoked_certificates",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("revoke_ms", sa.BigInteger, nullable=False),
    )
