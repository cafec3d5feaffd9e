"""Regions, principals and jurisdictions."""

import sqlalchemy as sa

from services.auth.tables.base import metadata

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
    sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false()),
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
