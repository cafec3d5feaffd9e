"""Changes of rights, on record."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Actor, AuditRecord
from services.auth.repository import audit


async def record_change(
    connection: AsyncConnection, actor: Actor, action: str, detail: str, now_ms: int
) -> None:
    """Write down, in the transaction that makes it, a change that `actor` makes: "clients/7f3a created"."""
    record = AuditRecord(
        time_ms=now_ms,
        event="change",
        actor=actor,
        action=action,
        camera_uid="",
        window=None,
        purpose="",
        allowed=True,
        reason="",
        detail=detail,
    )
    await audit.add(connection, record)
