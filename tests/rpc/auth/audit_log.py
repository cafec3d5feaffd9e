"""The audit as tests use it: written, read, and in hands that hold the database's own rights."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.auth.audit.chain import DAY_MS
from services.auth.audit.heads import HeadSigner
from services.auth.audit.linking import Linker
from services.auth.audit.metrics import AuditMetrics
from services.auth.audit.months import Months
from services.auth.audit.places import Places
from services.auth.audit.sealing import Sealer
from services.auth.audit.verification import Finding, Note, Told, Verification, VerifiedDay
from services.auth.model import Actor, AuditRecord
from services.auth.repository import audit
from snowlight.access.cluster_key import ClusterKey
from snowlight.api.auth.v1 import audit_pb2, auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

KEY = ClusterKey("a cluster key for tests, as long as it must be")
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
"""In October of 2024, as the audit's tests begin."""
WHOLE = audit_pb2.AuditReader(whole=True)


class SetClock(Clock):
    """A clock that stands where a test puts it."""

    def __init__(self, now_ms: int) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return self.at_ms / 1000


class AuditLog:
    """The parts of the audit on one database, without the loops that drive them."""

    def __init__(self, database: Database, *, days: int = 1095, now_ms: int = NOON_MS) -> None:
        self.database = database
        self.clock = SetClock(now_ms)
        self.skew_ms = 0
        """What the database's clock is ahead of this process's."""
        self.signer = HeadSigner(KEY)
        self.restart(days)

    def restart(self, days: int = 1095) -> None:
        """As another process of auth would begin: it remembers nothing."""
        self.registry = CollectorRegistry()
        metrics = AuditMetrics(self.registry)
        self.linker = Linker(self.database, Places(), self.clock, metrics)
        self.sealer = Sealer(
            self.database, self.linker, self.signer, self.clock, lambda: self.skew_ms, metrics
        )
        self.months = Months(self.database, self.signer, days, self.clock)

    def metric(self, name: str) -> float | None:
        """What Prometheus is told."""
        return self.registry.get_sample_value(f"snowlight_auth_audit_{name}")

    async def add(self, count: int = 1, *, linked: bool = True, **fields: object) -> None:
        """Records of now, linked."""
        for number in range(count):
            async with self.database.write() as connection:
                await audit.add(
                    connection, record(self.clock.now_ms() + number, **({"ticket_id": f"t{number}"} | fields))
                )
        if linked:
            await self.linker.link_all()

    async def day(self, count: int) -> int:
        """A day with so many records, sealed. Returns it; the clock stands on the next."""
        day = self.clock.at_ms // DAY_MS
        await self.add(count)
        self.clock.at_ms += DAY_MS
        await self.sealer.seal()
        return day

    async def told(self, from_day: int | None = None, to_day: int | None = None, *heads: str) -> list[Told]:
        """All that verifying tells."""
        verification = Verification(self.database, self.signer, self.clock)
        return [told async for told in verification.verify(from_day, to_day, heads)]

    async def findings(self, *heads: str) -> list[Finding]:
        """What verifying finds."""
        return [told for told in await self.told(None, None, *heads) if isinstance(told, Finding)]

    async def notes(self) -> list[str]:
        return [told.text for told in await self.told() if isinstance(told, Note)]

    async def days(self) -> list[VerifiedDay]:
        return [told for told in await self.told() if isinstance(told, VerifiedDay)]

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[AsyncConnection]:
        """The database as its owner can have it: no trigger keeps them from anything."""
        engine = create_async_engine(self.database.engine.url)
        try:
            async with engine.begin() as connection:
                if self.database.is_postgres:
                    await connection.execute(sa.text("SET session_replication_role = replica"))
                    yield connection
                else:
                    triggers = await _triggers(connection)
                    for name, _ in triggers:
                        await connection.execute(sa.text(f"DROP TRIGGER {name}"))
                    yield connection
                    for _, statement in triggers:
                        await connection.exec_driver_sql(statement)
        finally:
            await engine.dispose()

    async def owner_runs(self, *statements: str) -> None:
        """Statements as the database's owner, who leaves everything else as it was."""
        async with self.as_owner() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement))


async def _triggers(connection: AsyncConnection) -> Sequence[tuple[str, str]]:
    rows = await connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return [(name, statement) for name, statement in rows]


def record(time_ms: int, **fields: object) -> AuditRecord:
    """A record of somebody who was given a ticket, but for `fields`."""
    values: dict[str, object] = {
        "time_ms": time_ms,
        "event": "decision",
        "actor": Actor(
            "principals/chen", "广水市公安局", "police", 3, "regions/421381", remote_address="192.0.2.7"
        ),
        "action": "live",
        "camera_uid": "gate",
        "window": None,
        "purpose": "丢牛",
        "allowed": True,
        "reason": "auth.role_viewer",
        "policies": ("town-live",),
        "ticket_id": "t1",
    }
    return AuditRecord(**(values | fields))  # type: ignore[arg-type]


async def settle_two_counties(auth: Auth) -> None:
    """Two counties of a prefecture with a village each, a camera in each village, and people who look."""
    await auth.add_region("3713", auth_pb2.PREFECTURE)
    for county in ("371326", "371327"):
        await auth.add_region(county, auth_pb2.COUNTY)
        await auth.add_region(f"{county}101", auth_pb2.TOWN)
        await auth.add_region(f"{county}101201", auth_pb2.VILLAGE)
        await auth.add_region(f"{county}101201G1", auth_pb2.GRID, parent=f"regions/{county}101201")
        await auth.registry.put(f"gate-{county}", f"{county}101201")
        await auth.registry.put(f"grid-{county}", f"{county}101201G1")
        await auth.add_person(f"viewer{county}", auth_pb2.VIEWER, scope=county)
    await auth.add_person("root", auth_pb2.ADMIN, scope="3713")


async def look(auth: Auth, username: str, camera: str, action: str = "live", **fields: Any) -> bool:
    """Ask for a ticket; whether it was given."""
    token = (await auth.sign_in(username)).access_token
    request = auth_pb2.CreateTicketRequest(access_token=token, camera_uid=camera, action=action, **fields)
    if action in ("playback", "export"):
        request.start.FromSeconds(1_760_000_000)
        request.end.FromSeconds(1_760_003_600)
    try:
        with remote_errors("services/auth"):
            await auth.access.CreateTicket(request)
    except PermissionDeniedError:
        return False
    return True


async def auditor(auth: Auth, scope: str) -> str:
    """An access token of an auditor of that scope, made for it."""
    name = f"auditor.{scope.lower()}"
    await auth.add_person(name, auth_pb2.AUDITOR, scope=scope)
    return (await auth.sign_in(name)).access_token


async def page(
    auth: Auth, reader: str | audit_pb2.AuditReader = WHOLE, token: str = "", size: int = 0, **wanted: Any
) -> audit_pb2.ListAuditRecordsResponse:
    """A page of what `reader`, perhaps an access token, may read, by a filter's fields."""
    if isinstance(reader, str):
        reader = audit_pb2.AuditReader(access_token=reader)
    with remote_errors("services/auth"):
        return await auth.audit_log.ListAuditRecords(
            audit_pb2.ListAuditRecordsRequest(
                reader=reader, page_size=size, page_token=token, filter=audit_pb2.AuditFilter(**wanted)
            )
        )


async def cameras_of(auth: Auth, reader: str, **wanted: Any) -> list[str]:
    """The cameras that the first page's records are about, newest first."""
    return [record.camera_uid for record in (await page(auth, reader, **wanted)).records if record.camera_uid]
