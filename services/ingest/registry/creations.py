"""Creations that may be asked for again (AIP-155): what each has made, for a day."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.registry.tables import creations
from services.ingest.registry.validation import invalid
from snowlight.errors import RequestReusedError

KEPT_MS = 86_400_000
_MAX_ID = 64
_MAX_FINGERPRINT = 64


@dataclass(frozen=True, slots=True)
class Creation:
    """One request: every attempt at it has the same id and fingerprint."""

    request_id: str
    fingerprint: bytes

    @classmethod
    def of(cls, request_id: str, fingerprint: bytes) -> "Creation | None":
        """None when the caller has given no id. Raises InvalidArgumentError."""
        if len(request_id) > _MAX_ID:
            raise invalid("request_id", f"is longer than {_MAX_ID} characters")
        if len(fingerprint) > _MAX_FINGERPRINT:
            raise invalid("request_fingerprint", f"is longer than {_MAX_FINGERPRINT} bytes")
        return cls(request_id, fingerprint) if request_id else None


async def made_by(connection: AsyncConnection, creation: Creation, now_ms: int) -> str | None:
    """The uid of the camera that an earlier attempt made. Raises RequestReusedError when it was no attempt
    at this."""
    query = sa.select(creations.c.camera_uid, creations.c.fingerprint).where(
        creations.c.request_id == creation.request_id, creations.c.time_ms > now_ms - KEPT_MS
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    if bytes(row.fingerprint) != creation.fingerprint:
        raise RequestReusedError(
            "request.id_reused", "another request of this id has made a camera", field="request_id"
        )
    return str(row.camera_uid)


async def keep(connection: AsyncConnection, creation: Creation, camera_uid: str, now_ms: int) -> None:
    """Keep what this attempt makes, and none older than a day."""
    await connection.execute(creations.delete().where(creations.c.time_ms <= now_ms - KEPT_MS))
    await connection.execute(
        creations.insert().values(
            request_id=creation.request_id,
            fingerprint=creation.fingerprint,
            camera_uid=camera_uid,
            time_ms=now_ms,
        )
    )
