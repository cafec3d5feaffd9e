"""The audit is append-only, chained by day and kept by month."""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SHORTEST_DAYS = 183
_TEXTS = (
    *("event", "principal", "organisation", "line", "scope", "acting_person", "acting_unit", "action"),
    *("camera_uid", "purpose", "reason", "remote_address", "ticket_id", "detail", "region"),
)
_COLUMNS = (
    *("record_id", "time_ms", "event", "principal", "organisation", "line", "tier", "scope"),
    *("acting_person", "acting_unit", "action", "camera_uid", "window_start_ms", "window_end_ms", "purpose"),
    *("allowed", "reason", "policies", "remote_address", "ticket_id", "watched_s", "watched_bytes", "detail"),
)
_FROZEN = "the audit is append-only: a record is never changed, and goes only with its whole month"


def upgrade() -> None:
    postgres = op.get_context().dialect.name == "postgresql"
    op.rename_table("audit_records", "audit_records_before")
    _create_small_tables()
    if postgres:
        _partition_records()
        _partition_links()
        _carry_over()
        _guard_postgres()
    else:
        _create_records()
        _create_links()
        _carry_over()
        _guard_sqlite()
    # What was there before is linked like everything else, into the chain of the day of this upgrade.
    op.execute("INSERT INTO audit_unlinked SELECT record_id, time_ms FROM audit_records")
    op.drop_table("audit_records_before")


def _create_small_tables() -> None:
    op.create_table(
        "audit_unlinked",
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_heads",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("jws", sa.Text, nullable=False),
    )
    op.create_table(
        "audit_drops",
        sa.Column("start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
    )


def _create_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("record_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("tier", sa.Integer, nullable=False),
        sa.Column("window_start_ms", sa.BigInteger),
        sa.Column("window_end_ms", sa.BigInteger),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("policies", sa.JSON, nullable=False),
        sa.Column("watched_s", sa.BigInteger, nullable=False),
        sa.Column("watched_bytes", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_links() -> None:
    op.create_table(
        "audit_links",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("record_id", sa.BigInteger, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("principal", "action", "camera_uid", "path", "county", "town", "village")
        ),
    )
    _index_links()


def _index_links() -> None:
    op.execute("CREATE INDEX audit_links_time ON audit_links (time_ms, record_id)")
    op.execute("CREATE INDEX audit_links_principal ON audit_links (principal, time_ms, record_id)")
    for name in ("camera_uid", "county", "town", "village"):
        op.execute(
            f"CREATE INDEX audit_links_{name} ON audit_links ({name}, time_ms, record_id) WHERE {name} <> ''"
        )
    # Nearly all is "live": the index by time finds those as fast.
    op.execute(
        "CREATE INDEX audit_links_action ON audit_links (action, time_ms, record_id) WHERE action <> 'live'"
    )


def _partition_records() -> None:
    op.execute("CREATE SEQUENCE audit_record_ids")
    texts = ", ".join(f"{name} text NOT NULL" for name in _TEXTS)
    op.execute(
        f"""
        CREATE TABLE audit_records (
            record_id bigint NOT NULL DEFAULT nextval('audit_record_ids'), time_ms bigint NOT NULL, {texts},
            tier integer NOT NULL, window_start_ms bigint, window_end_ms bigint, allowed boolean NOT NULL,
            policies json NOT NULL, watched_s bigint NOT NULL, watched_bytes bigint NOT NULL,
            PRIMARY KEY (record_id, time_ms)
        ) PARTITION BY RANGE (time_ms)
        """
    )
    op.execute("CREATE TABLE audit_records_default PARTITION OF audit_records DEFAULT")
    for name, start_ms, end_ms in _months_of_records():
        op.execute(
            f"CREATE TABLE audit_records_{name} PARTITION OF audit_records "
            f"FOR VALUES FROM ({start_ms}) TO ({end_ms})"
        )


def _partition_links() -> None:
    op.execute(
        """
        CREATE TABLE audit_links (
            day integer NOT NULL, position bigint NOT NULL, hash bytea NOT NULL, record_id bigint NOT NULL,
            time_ms bigint NOT NULL, principal text NOT NULL, action text NOT NULL, camera_uid text NOT NULL,
            path text COLLATE "C" NOT NULL, county text NOT NULL, town text NOT NULL, village text NOT NULL,
            PRIMARY KEY (day, position)
        ) PARTITION BY RANGE (day)
        """
    )
    op.execute("CREATE TABLE audit_links_default PARTITION OF audit_links DEFAULT")
    _index_links()


def _months_of_records() -> Iterator[tuple[str, int, int]]:
    bounds = (
        op.get_bind().execute(sa.text("SELECT min(time_ms), max(time_ms) FROM audit_records_before")).one()
    )
    if bounds[0] is None:
        return
    first = datetime.fromtimestamp(bounds[0] / 1000, UTC)
    year, month = first.year, first.month
    while True:
        start = datetime(year, month, 1, tzinfo=UTC)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = datetime(year, month, 1, tzinfo=UTC)
        if start.timestamp() * 1000 > bounds[1]:
            return
        yield start.strftime("%Y%m"), int(start.timestamp()) * 1000, int(end.timestamp()) * 1000


def _carry_over() -> None:
    names = ", ".join(_COLUMNS)
    region = "COALESCE((SELECT region FROM cameras WHERE uid = camera_uid), '')"
    op.execute(
        f"INSERT INTO audit_records ({names}, region) "  # noqa: S608 - names of this file's
        f"SELECT {names}, {region} FROM audit_records_before"
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "SELECT setval('audit_record_ids', (SELECT COALESCE(max(record_id), 0) + 1 FROM audit_records), "
            "false)"
        )


def _guard_postgres() -> None:
    op.execute(
        f"""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_FROZEN}'; END $$
        """
    )
    for table, instant in (("audit_records", "OLD.time_ms"), ("audit_links", "OLD.day * 86400000::bigint")):
        op.execute(
            f"""
            CREATE FUNCTION {table}_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (
                    SELECT 1 FROM audit_drops WHERE start_ms <= {instant} AND end_ms > {instant}
                    AND end_ms <= (extract(epoch FROM clock_timestamp()) - {SHORTEST_DAYS} * 86400) * 1000
                ) THEN RETURN OLD; END IF;
                RAISE EXCEPTION '{_FROZEN}';
            END $$
            """  # noqa: S608 - names of this file's
        )
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse_delete()"
        )
    for table in ("audit_heads", "audit_drops"):
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
    partitions = op.get_bind().scalars(
        sa.text(
            "SELECT relid::text FROM pg_partition_tree('audit_records') UNION ALL "
            "SELECT relid::text FROM pg_partition_tree('audit_links')"
        )
    )
    for table in (*partitions, "audit_heads", "audit_drops"):
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
    op.execute(
        """
        CREATE FUNCTION audit_records_enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_unlinked (record_id, time_ms) VALUES (NEW.record_id, NEW.time_ms);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_records_added AFTER INSERT ON audit_records "
        "FOR EACH ROW EXECUTE FUNCTION audit_records_enqueue()"
    )


def _guard_sqlite() -> None:
    # PostgreSQL joins by hashing; SQLite would look through all links for each record.
    op.execute("CREATE INDEX audit_links_record ON audit_links (record_id)")
    for table in ("audit_records", "audit_links", "audit_heads", "audit_drops"):
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_FROZEN}'); END"
        )
    for table in ("audit_heads", "audit_drops"):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_FROZEN}'); END"
        )
    for table, instant in (("audit_records", "OLD.time_ms"), ("audit_links", "OLD.day * 86400000")):
        op.execute(
            f"""
            CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} WHEN NOT EXISTS (
                SELECT 1 FROM audit_drops WHERE start_ms <= {instant} AND end_ms > {instant}
                AND end_ms <= (julianday('now') - 2440587.5 - {SHORTEST_DAYS}) * 86400000
            ) BEGIN SELECT RAISE(ABORT, '{_FROZEN}'); END
            """  # noqa: S608 - names of this file's
        )
    op.execute(
        """
        CREATE TRIGGER audit_records_added AFTER INSERT ON audit_records BEGIN
            INSERT INTO audit_unlinked (record_id, time_ms) VALUES (NEW.record_id, NEW.time_ms);
        END
        """
    )
