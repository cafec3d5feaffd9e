"""Regions, principals, refresh tokens, signing keys, the camera model and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "regions",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("parent", sa.Text, sa.ForeignKey("regions.code")),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_to_ms", sa.BigInteger),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
    )
    op.create_index("ix_regions_parent", "regions", ["parent"])
    op.create_table(
        "principals",
        sa.Column("principal_id", sa.Text, primary_key=True),
        sa.Column("username", sa.Text, nullable=False, unique=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("scope", sa.Text, sa.ForeignKey("regions.code"), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
    )
    op.create_table(
        "refresh_families",
        sa.Column("family_id", sa.Text, primary_key=True),
        sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("expire_ms", sa.BigInteger, nullable=False),
        sa.Column("revoke_ms", sa.BigInteger),
    )
    op.create_index("ix_refresh_families_principal_id", "refresh_families", ["principal_id"])
    op.create_index("ix_refresh_families_expire_ms", "refresh_families", ["expire_ms"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "family_id",
            sa.Text,
            sa.ForeignKey("refresh_families.family_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("rotate_ms", sa.BigInteger),
    )
    op.create_index("ix_refresh_tokens_family_id", "refresh_tokens", ["family_id"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("public_jwk", sa.JSON, nullable=False),
        sa.Column("private_sealed", sa.LargeBinary),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("retire_ms", sa.BigInteger),
        sa.Column("signs", sa.Integer, unique=True),
    )
    op.create_table(
        "cameras",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("ownership", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("listed_for_residents", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "camera_feed",
        sa.Column("feed", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_records",
        sa.Column(
            "record_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("camera_uid", sa.Text, nullable=False),
        sa.Column("window_start_ms", sa.BigInteger),
        sa.Column("window_end_ms", sa.BigInteger),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("remote_address", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
    )
