"""Changes of rights, on record."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Actor, AuditRecord
from services.auth.repository import audit


async def record_change(
    connection: AsyncConnection,
    actor: Actor,
    action: str,
    detail: str,
    now_ms: int,
    *,
    camera_uids: Iterable[str] = ("",),
    window: tuple[int, int] | None = None,
    purpose: str = "",
    reason: str = "auth.allowed",
    region: str = "",
) -> None:
    """Write down, in the transaction that makes it, a change that `actor` makes: "clients/7f3a created".

    Once for each of `camera_uids`. `region`: the code of the one it is about; left empty as in the record.
    """
    await audit.add_all(
        connection,
        [
            AuditRecord(
                time_ms=now_ms,
                event="change",
                actor=actor,
                action=action,
                camera_uid=uid,
                window=window,
                purpose=purpose,
                allowed=True,
                reason=reason,
                detail=detail,
                region=region,
            )
            for uid in camera_uids
        ],
    )
