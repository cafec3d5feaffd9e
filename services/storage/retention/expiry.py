"""Up to which instant footage of a camera may go, in SQL over `cameras`: what ended by then, may.

A camera that storage does not know has no row there, so that nothing of it ever goes.
"""

import sqlalchemy as sa

from services.storage.retention.policy import PUBLIC, PUBLIC_MINIMUM_DAYS
from services.storage.segment import DAY_MS
from services.storage.tables import cameras, segment_end, segments


def kept_until(now_ms: int) -> sa.ColumnElement[int]:
    """What ended by then is expired."""
    return _before(now_ms, cameras.c.kept_days)


def droppable_until(now_ms: int) -> sa.ColumnElement[int]:
    """What ended by then may be dropped when its store runs full: never public footage under 30 days."""
    public = sa.and_(cameras.c.ownership == PUBLIC, cameras.c.minimum_days < PUBLIC_MINIMUM_DAYS)
    return _before(now_ms, sa.case((public, PUBLIC_MINIMUM_DAYS), else_=cameras.c.minimum_days))


def ended_by(until_ms: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The segment ended by then. Its start is looked at too: that is a range of the index."""
    return sa.and_(segments.c.start_ms < until_ms, segment_end <= until_ms)


def _before(now_ms: int, days: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    age_ms = sa.cast(days, sa.BigInteger) * sa.literal(DAY_MS, sa.BigInteger)
    return sa.literal(now_ms, sa.BigInteger) - age_ms
