"""What is recorded in a range, as one statement of PostgreSQL: one round trip, and one moment by itself."""

from collections.abc import Iterable
from typing import Any

from services.storage.index.recorded import Recorded, by_store
from services.storage.index.span_codec import decode_spans
from services.storage.segment import DAY_MS, JOIN_MS, MAX_DURATION_MS, LedgerGap
from services.storage.spans import Span

# $1 camera, $2 and $3 the range, ms. Columns: kind; store or cause; start; end; spans of a packed day.
READ_RECORDED = f"""
    WITH found AS (
        SELECT store, start_ms, start_ms + duration_ms AS end_ms,
               max(start_ms + duration_ms) OVER (
                   PARTITION BY store ORDER BY start_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
               ) AS reached_ms
        FROM segments
        WHERE camera_uid = $1 AND start_ms > $2::bigint - {MAX_DURATION_MS} AND start_ms < $3::bigint
          AND start_ms + duration_ms > $2::bigint AND tombstone_ms IS NULL
    ), counted AS (
        SELECT *, count(*) FILTER (WHERE start_ms - reached_ms > {JOIN_MS}) OVER (
            PARTITION BY store ORDER BY start_ms ROWS UNBOUNDED PRECEDING
        ) AS island
        FROM found
    )
    SELECT 'rows', store, min(start_ms), max(end_ms), NULL::bytea
    FROM counted GROUP BY store, island
    UNION ALL (
        SELECT 'rows', store, start_ms, start_ms + duration_ms, NULL FROM segments
        WHERE camera_uid = $1 AND start_ms < $2::bigint AND start_ms + duration_ms <= $2::bigint
          AND tombstone_ms IS NULL
        ORDER BY start_ms DESC LIMIT 1
    ) UNION ALL (
        SELECT 'packed', store, day::bigint * {DAY_MS}, NULL, spans FROM packed_days
        WHERE camera_uid = $1 AND objects > 0 AND day <= $3::bigint / {DAY_MS} AND day >= coalesce((
            SELECT max(day) - 1 FROM packed_days
            WHERE camera_uid = $1 AND objects > 0 AND first_ms < $2::bigint
        ), 0)
    ) UNION ALL (
        SELECT 'first', NULL, min(start_ms), NULL, NULL FROM segments
        WHERE camera_uid = $1 AND tombstone_ms IS NULL
    ) UNION ALL (
        SELECT 'first', NULL, min(first_ms), NULL, NULL FROM packed_days
        WHERE camera_uid = $1 AND objects > 0
    ) UNION ALL (
        SELECT 'deleted', NULL, until_ms, NULL, NULL FROM deletions WHERE camera_uid = $1
    ) UNION ALL (
        SELECT 'deleted', NULL, max(start_ms + duration_ms), NULL, NULL FROM segments
        WHERE camera_uid = $1 AND start_ms > $2::bigint - {MAX_DURATION_MS} AND start_ms < $3::bigint
          AND start_ms + duration_ms > $2::bigint AND tombstone_ms IS NOT NULL AND NOT doomed
    ) UNION ALL (
        SELECT 'gap', cause, start_ms, end_ms, NULL FROM gaps
        WHERE camera_uid = $1 AND (end_ms = 0 OR end_ms > $2::bigint) AND start_ms < $3::bigint
    )
"""  # noqa: S608 - numbers of this file's own


def recorded_of(camera_uid: str, rows: Iterable[Any]) -> Recorded:
    """The answer to READ_RECORDED, told as one."""
    spans: list[tuple[str, Span]] = []
    firsts: list[int] = []
    deleted: list[int] = []
    ledger: list[LedgerGap] = []
    for kind, name, start_ms, end_ms, packed in rows:
        if kind == "rows":
            spans.append((name, Span(start_ms, end_ms)))
        elif kind == "packed":
            spans += [(name, span) for span in decode_spans(packed, start_ms)]
        elif kind == "gap":
            ledger.append(LedgerGap(camera_uid, start_ms, end_ms, name))
        elif start_ms is None:
            continue
        elif kind == "deleted":
            deleted.append(start_ms)
        else:
            firsts.append(start_ms)
    ledger.sort(key=lambda row: row.start_ms)
    return Recorded(min(firsts, default=None), by_store(spans), ledger, max(deleted, default=0))
