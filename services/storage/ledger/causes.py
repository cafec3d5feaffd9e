"""Why footage can be missing: a closed set, since people are asked to answer for each."""

STORE_OUTAGE = "store_outage"
LOST_OBJECT = "lost_object"
UNKNOWN = "unknown"
"""Nothing is on record. No row of the ledger says so."""
EXPIRED = "expired"
"""Deleted in order, or so old that nobody knows any more what was recorded. No row of the ledger says so."""

CAUSES = (
    "camera_offline",
    "auth_failed",
    "network",
    "ingest_restart",
    "spool_full",
    STORE_OUTAGE,
    LOST_OBJECT,
    "spool_lost",
    "disabled",
    "schedule",
)
