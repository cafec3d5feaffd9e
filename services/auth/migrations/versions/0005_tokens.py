"""Sessions tell how they began and keep the last uses of their refresh tokens; clients, device codes, known
places; keys are published before they sign."""

import sqlalchemy as sa
from alembic import op

revision = "0005_tokens"
down_revision = "0004"


def upgrade() -> None:
    # People sign in again after the update: older tokens do not say for whom they are.
    op.drop_table("refresh_tokens")
    op.execute("DELETE FROM refresh_families")
    for name, default in (("way", "password"), ("client_id", ""), ("remote_address", "")):
        column = sa.Column(name, sa.Text, nullable=False, server_default=default)
        op.add_column("refresh_families", column)
    op.add_column("refresh_families", sa.Column("use_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column(
        "refresh_families", sa.Column("seed", sa.LargeBinary(32), nullable=False, server_default="")
    )
    op.create_table(
        "refresh_uses",
        sa.Column(
            "family_id",
            sa.Text,
            sa.ForeignKey("refresh_families.family_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("nonce", sa.Text, primary_key=True),
        sa.Column("use_ms", sa.BigInteger, nullable=False),
    )
    op.add_column("signing_keys", sa.Column("sign_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), unique=True),
        sa.Column("certificate_fingerprints", sa.JSON, nullable=False),
        sa.Column("certificate_subject", sa.Text, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
    )
    of_client = sa.ForeignKey("clients.client_id", ondelete="CASCADE")
    op.create_table(
        "client_secrets",
        sa.Column("secret_sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", sa.Text, of_client, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("expire_ms", sa.BigInteger),
    )
    op.create_index("ix_client_secrets_client_id", "client_secrets", ["client_id"])
    op.create_table(
        "device_codes",
        sa.Column("device_sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_code", sa.Text, nullable=False, unique=True),
        sa.Column(
            "client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("remote_address", sa.Text, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("expire_ms", sa.BigInteger, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.Column("poll_ms", sa.BigInteger, nullable=False),
        sa.Column("approved", sa.Boolean),
        sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id")),
    )
    op.create_index("ix_device_codes_expire_ms", "device_codes", ["expire_ms"])
    op.create_table(
        "known_origins",
        sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), primary_key=True),
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("use_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "used_logins",
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("expire_ms", sa.BigInteger, nullable=False),
    )
