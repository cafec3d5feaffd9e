"""What storage was asked to erase, for the owners of cameras and for who oversees them."""

from services.auth.consent.model import Erasure
from services.auth.consent.repository import erasures
from services.auth.consent.standing import caller_of, overseen
from services.auth.model import Role
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database


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
