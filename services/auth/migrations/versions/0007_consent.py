"""Consents, grants with a purpose, alerts, erasures and the requests of people who were filmed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("camera_uid", sa.Text, primary_key=True),
        sa.Column("grant_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("window_start_ms", sa.BigInteger, nullable=False),
        sa.Column("window_end_ms", sa.BigInteger, nullable=False),
        sa.Column("from_minute", sa.Integer),
        sa.Column("to_minute", sa.Integer),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.Text, primary_key=True),
        sa.Column("camera_uid", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("from_minute", sa.Integer),
        sa.Column("to_minute", sa.Integer),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("footage_from_ms", sa.BigInteger, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("paper_reference", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("withdrawn_by", sa.Text, nullable=False),
        sa.Column("withdraw_ms", sa.BigInteger),
    )
    op.create_index("ix_consents_camera_uid", "consents", ["camera_uid"])
    op.create_index("ix_consents_principal", "consents", ["principal"])
    op.create_index("ix_consents_end_ms", "consents", ["end_ms"])
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Text, primary_key=True),
        sa.Column("consent_id", sa.Text, nullable=False, unique=True),
        sa.Column("camera_uid", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("held_by", sa.JSON, nullable=False),
        sa.Column("remaining_objects", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("try_ms", sa.BigInteger, nullable=False),
        sa.Column("done_ms", sa.BigInteger),
    )
    op.create_index("ix_erasures_owner", "erasures", ["owner"])
    op.create_index("ix_erasures_try_ms", "erasures", ["try_ms"])
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("window_start_ms", sa.BigInteger, nullable=False),
        sa.Column("window_end_ms", sa.BigInteger, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("beneficiary", sa.Text, nullable=False),
        sa.Column("duration_s", sa.BigInteger, nullable=False),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("start_ms", sa.BigInteger),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decide_ms", sa.BigInteger),
        sa.Column("decision_reason", sa.Text, nullable=False),
        sa.Column("notice_ms", sa.BigInteger),
        sa.Column("notice_deferred_by", sa.Text, nullable=False),
        sa.Column("notice_reason", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("ix_grants_requester", "grants", ["requester"])
    op.create_index("ix_grants_beneficiary", "grants", ["beneficiary"])
    op.create_index("ix_grants_end_ms", "grants", ["end_ms"])
    op.create_table(
        "grant_cameras",
        sa.Column("grant_id", sa.Text, sa.ForeignKey("grants.grant_id"), primary_key=True),
        sa.Column("camera_uid", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
    )
    op.create_index("ix_grant_cameras_camera_uid", "grant_cameras", ["camera_uid"])
    op.create_index("ix_grant_cameras_owner", "grant_cameras", ["owner"])
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("grant_id", sa.Text, sa.ForeignKey("grants.grant_id"), nullable=False, unique=True),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_by", sa.Text, nullable=False),
        sa.Column("acknowledge_ms", sa.BigInteger),
    )
    op.create_table(
        "subject_requests",
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
    op.add_column("cameras", sa.Column("owner_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_audit_of_camera", "audit_records", ["camera_uid", "record_id"])
