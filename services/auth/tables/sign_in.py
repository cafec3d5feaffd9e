"""Sessions, keys, clients and what is remembered of sign-ins."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

refresh_families = sa.Table(
    "refresh_families",
    metadata,
    sa.Column("family_id", sa.Text, primary_key=True),
    sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), nullable=False, index=True),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("expire_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("revoke_ms", sa.BigInteger),
    sa.Column("use_ms", sa.BigInteger, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("remote_address", sa.Text, nullable=False),
    # Of the certificate that proved the client at its beginning; empty for none.
    sa.Column("certificate_fingerprint", sa.Text, nullable=False, server_default=""),
    # What its refresh tokens are made with, beside a key that is not in the database.
    sa.Column("seed", sa.LargeBinary(32), nullable=False),
)

# First uses of refresh tokens: the last of a session, and what was used within ten seconds before.
refresh_uses = sa.Table(
    "refresh_uses",
    metadata,
    sa.Column(
        "family_id",
        sa.Text,
        sa.ForeignKey("refresh_families.family_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("nonce", sa.Text, primary_key=True),
    sa.Column("use_ms", sa.BigInteger, nullable=False),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("public_jwk", sa.JSON, nullable=False),
    # AES-256-GCM, nonce first; removed when the key retires.
    sa.Column("private_sealed", sa.LargeBinary),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("retire_ms", sa.BigInteger),
    # 1 for the one key that signs, 2 for its successor, NULL for the retired and for those of a file: unique,
    # so that two processes cannot both make one.
    sa.Column("signs", sa.Integer, unique=True),
    # From when on a successor signs.
    sa.Column("sign_ms", sa.BigInteger, nullable=False),
)

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("display_name", sa.Text, nullable=False),
    # NULL for a set-top box.
    sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), unique=True),
    sa.Column("certificate_fingerprints", sa.JSON, nullable=False),
    sa.Column("certificate_subject", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
)

client_secrets = sa.Table(
    "client_secrets",
    metadata,
    sa.Column("secret_sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column(
        "client_id",
        sa.Text,
        sa.ForeignKey("clients.client_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("expire_ms", sa.BigInteger),
)

# Those that were registered for a client, and those that it has shown since.
client_certificates = sa.Table(
    "client_certificates",
    metadata,
    sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True),
    # When it ends.
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    # When it was shown last; NULL before it was.
    sa.Column("show_ms", sa.BigInteger),
)

revoked_certificates = sa.Table(
    "revoked_certificates",
    metadata,
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("revoke_ms", sa.BigInteger, nullable=False),
)

device_codes = sa.Table(
    "device_codes",
    metadata,
    sa.Column("device_sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("user_code", sa.Text, nullable=False, unique=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
    sa.Column("remote_address", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("expire_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("interval_s", sa.Integer, nullable=False),
    sa.Column("poll_ms", sa.BigInteger, nullable=False),
    # NULL while nobody has decided.
    sa.Column("approved", sa.Boolean),
    sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id")),
)

known_origins = sa.Table(
    "known_origins",
    metadata,
    sa.Column("principal_id", sa.Text, sa.ForeignKey("principals.principal_id"), primary_key=True),
    # An address, or the hash of what a browser keeps, from where the principal has signed in.
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("use_ms", sa.BigInteger, nullable=False),
)

used_logins = sa.Table(
    "used_logins",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("expire_ms", sa.BigInteger, nullable=False),
)
