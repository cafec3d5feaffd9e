"""What auth does by itself now and then."""

import asyncio

import structlog

from services.auth.creations import Creations
from services.auth.sign_in.devices import DeviceSignIn
from services.auth.signing_keys import SigningKeys
from services.auth.tickets.office import TicketOffice
from services.auth.tokens import Tokens
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

INTERVAL_S = 5.0
CLEANING_INTERVAL_S = 600.0  # systems begin a session with every token

log = structlog.get_logger(__name__)


class Housekeeping:
    """Notices new signing keys, forgets what is over, and so sees whether the database answers."""

    def __init__(
        self,
        keys: SigningKeys,
        tokens: Tokens,
        devices: DeviceSignIn,
        tickets: TicketOffice,
        creations: Creations,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._devices = devices
        self._tickets = tickets
        self._creations = creations
        self._clock = clock
        self.database_answers = True

    async def run(self) -> None:
        """Go on until cancelled."""
        clean_at = self._clock.monotonic()
        while True:
            try:
                await self._keys.load()
                if self._clock.monotonic() >= clean_at:
                    await self._tokens.remove_expired()
                    await self._devices.remove_expired()
                    await self._tickets.remove_expired()
                    await self._creations.remove_expired()
                    clean_at = self._clock.monotonic() + CLEANING_INTERVAL_S
                self.database_answers = True
            except SnowlightError as error:
                if self.database_answers:
                    log.warning("housekeeping.failed", error=error.code)
                self.database_answers = False
            await asyncio.sleep(INTERVAL_S)
