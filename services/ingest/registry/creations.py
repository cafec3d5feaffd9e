"""Creations that may be asked for again (AIP-155): what each has made, for a day."""

from collections.abc import Collection, Mapping
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
    found = await made_by_all(connection, [creation], now_ms)
    if creation.request_id not in found:
        return None
    fingerprint, camera_uid = found[creation.request_id]
    if fingerprint != creation.fingerprint:
        raise RequestReusedError(
            "request.id_reused", "another request of this id has made a camera", field="request_id"
        )
    return camera_uid


async def made_by_all(
    connection: AsyncConnection, asked: Collection[Creation], now_ms: int
) -> dict[str, tuple[bytes, str]]:
    """By request id, the fingerprint of the earlier attempt and the uid of the camera that it made."""
    query = sa.select(creations).where(
        creations.c.request_id.in_([creation.request_id for creation in asked]),
        creations.c.time_ms > now_ms - KEPT_MS,
    )
    rows = await connection.execute(query)
    return {row.request_id: (bytes(row.fingerprint), row.camera_uid) for row in rows}


async def keep(connection: AsyncConnection, made: Mapping[str, Creation], now_ms: int) -> None:
    """Keep what these attempts make, by the cameras' uids, in place of what earlier ones did, and none older
    than a day."""
    ids = [creation.request_id for creation in made.values()]
    over = sa.or_(creations.c.time_ms <= now_ms - KEPT_MS, creations.c.request_id.in_(ids))
    await connection.execute(creations.delete().where(over))
    await connection.execute(
        creations.insert(),
        [
            {
                "request_id": creation.request_id,
                "fingerprint": creation.fingerprint,
                "camera_uid": uid,
                "time_ms": now_ms,
            }
            for uid, creation in made.items()
        ],
    )
