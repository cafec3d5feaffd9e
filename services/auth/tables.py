"""Auth's tables. Instants are ms since 1970 UTC."""

import json
from typing import Any

import sqlalchemy as sa


class LenientJson(sa.types.TypeDecorator[Any]):
    """JSON that is read as its text where somebody has left none: SQLite keeps anything."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        return json.dumps(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            return value


metadata = sa.MetaData()

regions = sa.Table(
    "regions",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("parent", sa.Text, sa.ForeignKey("regions.code"), index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
    sa.Column("valid_to_ms", sa.BigInteger),
    sa.Column("households", sa.Integer, nullable=False),
    sa.Column("population", sa.Integer, nullable=False),
)

principals = sa.Table(
    "principals",
    metadata,
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
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    # Empty: the region is the scope.
    sa.Column("jurisdiction", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

jurisdictions = sa.Table(
    "jurisdictions",
    metadata,
    sa.Column("jurisdiction_id", sa.Text, primary_key=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, sa.ForeignKey("regions.code"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("expire_ms", sa.BigInteger),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)


def _of_jurisdiction(table: str, column: str, *constraints: sa.ForeignKey) -> sa.Table:
    return sa.Table(
        table,
        metadata,
        sa.Column(
            "jurisdiction_id",
            sa.Text,
            sa.ForeignKey("jurisdictions.jurisdiction_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(column, sa.Text, *constraints, primary_key=True, index=True),
    )


jurisdiction_regions = _of_jurisdiction("jurisdiction_regions", "region", sa.ForeignKey("regions.code"))
jurisdiction_cameras = _of_jurisdiction("jurisdiction_cameras", "camera_uid")
jurisdiction_members = _of_jurisdiction("jurisdiction_members", "principal")

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
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column(
        "family_id",
        sa.Text,
        sa.ForeignKey("refresh_families.family_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("rotate_ms", sa.BigInteger),
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
    sa.Column("revision", sa.BigInteger, nullable=False),
)

camera_feed = sa.Table(
    "camera_feed",
    metadata,
    sa.Column("feed", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.BigInteger, nullable=False),
)

audit_records = sa.Table(
    "audit_records",
    metadata,
    sa.Column(
        "record_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("tier", sa.Integer, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("acting_person", sa.Text, nullable=False),
    sa.Column("acting_unit", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger),
    sa.Column("window_end_ms", sa.BigInteger),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("policies", sa.JSON().with_variant(LenientJson(), "sqlite"), nullable=False),
    sa.Column("remote_address", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("watched_s", sa.BigInteger, nullable=False),
    sa.Column("watched_bytes", sa.BigInteger, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sqlite_autoincrement=True,  # the id of a record that was removed is not given out again
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

# Tickets.
tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False, index=True),
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
    sa.Column("use_ms", sa.BigInteger, nullable=False),
)
sa.Index("ix_revocations_subject", revocations.c.subject)
# The audit's chain. On PostgreSQL audit_records and audit_links are partitioned by month.

# Records that are in no chain yet: a trigger of audit_records adds them.
audit_unlinked = sa.Table(
    "audit_unlinked",
    metadata,
    sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
)

# A record's place in the chain of its day, and what records are found by.
audit_links = sa.Table(
    "audit_links",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # since 1970 UTC
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("camera_uid", sa.Text, nullable=False),
    # Codes of the regions around, from the top, each with a stroke behind it; empty when they are not known.
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("county", sa.Text, nullable=False),
    sa.Column("town", sa.Text, nullable=False),
    sa.Column("village", sa.Text, nullable=False),
)

# The signed heads of days that are over.
audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("jws", sa.Text, nullable=False),
)

# Months whose records were dropped by retention, [start, end), with a signed statement of it.
audit_drops = sa.Table(
    "audit_drops",
    metadata,
    sa.Column("start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("jws", sa.Text, nullable=False),
)

# Consents and grants (services/auth/consent).

openings = sa.Table(
    "openings",
    metadata,
    sa.Column("camera_uid", sa.Text, primary_key=True),
    sa.Column("grant_id", sa.Text, primary_key=True),  # of a grant or a consent
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),  # of the camera, for a consent, which holds for theirs alone
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),  # code, with a line
    sa.Column("actions", sa.JSON, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger, nullable=False),
    sa.Column("window_end_ms", sa.BigInteger, nullable=False),
    sa.Column("from_minute", sa.Integer),  # of the day in time_zone; NULL: all day
    sa.Column("to_minute", sa.Integer),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
)
"""What opens which camera now, one row for each camera of each grant and consent in force. A decision reads
those of its camera by the primary key."""

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("consent_id", sa.Text, primary_key=True),
    sa.Column("camera_uid", sa.Text, nullable=False, index=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("principal", sa.Text, nullable=False, index=True),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("actions", sa.JSON, nullable=False),
    sa.Column("from_minute", sa.Integer),
    sa.Column("to_minute", sa.Integer),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("footage_from_ms", sa.BigInteger, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("paper_reference", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("withdrawn_by", sa.Text, nullable=False),
    sa.Column("withdraw_ms", sa.BigInteger),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("consent_id", sa.Text, nullable=False, unique=True),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("held_by", sa.JSON, nullable=False),
    sa.Column("remaining_objects", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("try_ms", sa.BigInteger, nullable=False, index=True),  # when storage is asked next
    sa.Column("done_ms", sa.BigInteger),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("grant_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actions", sa.JSON, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger, nullable=False),  # 0, with the end: no footage
    sa.Column("window_end_ms", sa.BigInteger, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("requester", sa.Text, nullable=False, index=True),
    sa.Column("beneficiary", sa.Text, nullable=False, index=True),
    sa.Column("duration_s", sa.BigInteger, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("start_ms", sa.BigInteger),
    sa.Column("end_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decide_ms", sa.BigInteger),
    sa.Column("decision_reason", sa.Text, nullable=False),
    sa.Column("notice_ms", sa.BigInteger),
    sa.Column("notice_deferred_by", sa.Text, nullable=False),
    sa.Column("notice_reason", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
)

grant_cameras = sa.Table(
    "grant_cameras",
    metadata,
    sa.Column("grant_id", sa.Text, sa.ForeignKey("grants.grant_id"), primary_key=True),
    sa.Column("camera_uid", sa.Text, primary_key=True, index=True),
    sa.Column("region", sa.Text, nullable=False),  # code, as it was when asked for
    sa.Column("owner", sa.Text, nullable=False, index=True),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("grant_id", sa.Text, sa.ForeignKey("grants.grant_id"), nullable=False, unique=True),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("acknowledged_by", sa.Text, nullable=False),
    sa.Column("acknowledge_ms", sa.BigInteger),
)

subject_requests = sa.Table(
    "subject_requests",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("camera_uid", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("window_start_ms", sa.BigInteger, nullable=False),
    sa.Column("window_end_ms", sa.BigInteger, nullable=False),
    sa.Column("applicant_reference", sa.Text, nullable=False),
    sa.Column("identity_checked_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("officer", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decide_ms", sa.BigInteger),
    sa.Column("decision_reason", sa.Text, nullable=False),
    sa.Column("create_ms", sa.BigInteger, nullable=False),
    sa.Column("grant_id", sa.Text, nullable=False),
)
