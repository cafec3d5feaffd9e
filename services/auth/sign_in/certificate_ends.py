"""When clients' certificates end: told to Prometheus, and in the log once they are about to."""

import asyncio
from collections.abc import Iterable

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.auth.repository import certificates, clients
from services.auth.repository.certificates import KnownCertificate
from services.auth.repository.clients import Client
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError
from snowlight.instants import format_instant

INTERVAL_S = 60.0
SOON_MS = 30 * 86_400_000
LOGGED_EACH_S = 86_400.0

log = structlog.get_logger(__name__)


class CertificateEnds:
    """Looks every minute. A certificate that is replaced counts until it is dropped."""

    def __init__(self, database: Database, clock: Clock, registry: CollectorRegistry) -> None:
        self._database = database
        self._clock = clock
        self._gauge = Gauge(
            "snowlight_auth_client_certificate_end_seconds",
            "End of the first of a client's certificates to end, UTC.",
            ["client"],
            registry=registry,
        )
        self._told: set[str] = set()
        """Clients that have a gauge."""
        self._logged_at = float("-inf")

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                await self.look()
            except SnowlightError as error:
                log.warning("certificate_ends.unread", error=error.code)
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        """Tell the ends as they are now; once a day, log those that are near."""
        ends_ms = await self._ends_ms()
        for gone in self._told - ends_ms.keys():
            self._gauge.remove(gone)
        self._told = set(ends_ms)
        for client, end_ms in ends_ms.items():
            self._gauge.labels(client).set(end_ms / 1000)
        if self._clock.monotonic() - self._logged_at < LOGGED_EACH_S:
            return
        near = {name: end for name, end in ends_ms.items() if end - self._clock.now_ms() <= SOON_MS}
        if near:
            self._logged_at = self._clock.monotonic()
        for client, end_ms in near.items():
            log.warning("certificate.ends_soon", client=client, end=format_instant(end_ms))

    async def _ends_ms(self) -> dict[str, int]:
        async with self._database.read() as connection:
            found = await clients.with_certificates(connection)
            known = await certificates.known_of(connection, [client.client_id for client in found])
            shown = {one.fingerprint for of_client in known.values() for one in of_client}
            revoked = await certificates.revoked(connection, shown)
        ends = {client.name: _first_end(client, known.get(client.client_id, ()), revoked) for client in found}
        return {name: end_ms for name, end_ms in ends.items() if end_ms is not None}


def _first_end(client: Client, known: Iterable[KnownCertificate], revoked: set[str]) -> int | None:
    """Of all that are registered; of those that are known by their subject, of the one shown last: nobody
    drops the others."""
    good = [one for one in known if one.fingerprint not in revoked]
    counted = [one for one in good if one.fingerprint in client.fingerprints]
    by_subject = [one for one in good if one.fingerprint not in client.fingerprints]
    counted += sorted(by_subject, key=lambda one: one.show_ms or 0)[-1:]
    return min((one.end_ms for one in counted), default=None)
