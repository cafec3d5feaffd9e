"""What the policies ask for: kinds of principals, jurisdictions, and who operates a camera."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in (
        sa.Column("kind", sa.Text, nullable=False, server_default="person"),
        sa.Column("jurisdiction", sa.Text, nullable=False, server_default=""),
        sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column("principals", column)
    op.add_column("principals", sa.Column("version", sa.BigInteger, nullable=False, server_default="1"))
    op.add_column("cameras", sa.Column("operator", sa.Text, nullable=False, server_default=""))
    # The feed tells of operators too: have it tell every camera once more.
    op.execute("UPDATE cameras SET revision = 0")
    op.execute("DELETE FROM camera_feed")
    op.create_index("ix_cameras_owner", "cameras", ["owner"])
    op.create_table(
        "jurisdictions",
        sa.Column("jurisdiction_id", sa.Text, primary_key=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, sa.ForeignKey("regions.code"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("expire_ms", sa.BigInteger),
        sa.Column("create_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_jurisdictions_region", "jurisdictions", ["region"])
    _of_jurisdiction(
        "jurisdiction_regions", sa.Column("region", sa.Text, sa.ForeignKey("regions.code"), primary_key=True)
    )
    _of_jurisdiction("jurisdiction_cameras", sa.Column("camera_uid", sa.Text, primary_key=True))
    _of_jurisdiction("jurisdiction_members", sa.Column("principal", sa.Text, primary_key=True))


def _of_jurisdiction(table: str, column: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column(
            "jurisdiction_id",
            sa.Text,
            sa.ForeignKey("jurisdictions.jurisdiction_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        column,
    )
    op.create_index(f"ix_{table}_{column.name}", table, [column.name])
