"""Consents and grants, and what follows from them."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

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
    sa.Column("from_ms", sa.BigInteger, nullable=False),
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
