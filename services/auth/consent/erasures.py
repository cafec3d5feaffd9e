"""What storage is asked to erase, and what owners of cameras, and who oversees them, are told of it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.checks import new_id
from services.auth.consent.model import Consent, Erasure
from services.auth.consent.repository import erasures
from services.auth.consent.standing import caller_of, overseen
from services.auth.model import CameraFacts, Role
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database


async def begin_erasure(
    connection: AsyncConnection, consent: Consent, camera: CameraFacts, now_ms: int
) -> Erasure:
    """Have all erased that was recorded since the camera became its owner's."""
    erasure = Erasure(
        new_id(now_ms),
        consent.consent_id,
        consent.camera_uid,
        consent.owner,
        from_ms=min(camera.owner_ms, now_ms - 1),  # ingest's clock may be ahead
        until_ms=now_ms,
        create_ms=now_ms,
    )
    await erasures.add(connection, erasure)
    return erasure


class ErasureDesk:
    """Lists erasures."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, claims: AccessClaims, address: str, before: str, limit: int) -> list[Erasure]:
        """Newest first."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            theirs = await overseen(connection, caller.principal, now_ms, Role.ADMIN, Role.AUDITOR)
            return await erasures.page(connection, caller.name, theirs, before=before, limit=limit)
