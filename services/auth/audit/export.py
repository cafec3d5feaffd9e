"""The audit from its oldest record on, in pieces. That it was taken is on record before any of it is told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.auth.audit.linking import Linker
from services.auth.audit.places import Places, Sight
from services.auth.audit.sight import readable
from services.auth.decision import Action
from services.auth.model import ADMINISTRATOR, Actor, AuditRecord
from services.auth.repository import audit, audit_links
from services.auth.repository.audit_links import Filter, Linked
from services.auth.rights import Rights, actor_of, load_caller
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is taken, and by whom: `caller` is None for the administrator's tool, which reads everything."""

    filter: Filter
    caller: AccessClaims | None
    acting_person: str
    remote_address: str
    purpose: str


class Exports:
    """Reads the audit piece by piece; between two pieces it holds nothing."""

    def __init__(
        self, database: Database, linker: Linker, rights: Rights, places: Places, clock: Clock
    ) -> None:
        self._database = database
        self._linker = linker
        self._rights = rights
        self._places = places
        self._clock = clock

    async def run(self, request: ExportRequest) -> AsyncIterator[list[Linked]]:
        """Records made before now, oldest first. Raises PermissionDeniedError with the decision's reason."""
        now_ms = self._clock.now_ms()
        await self._linker.link_all()
        sight = await self._put_on_record(request, now_ms)
        wanted = request.filter
        end_ms = now_ms if wanted.end_ms is None else min(wanted.end_ms, now_ms)
        wanted = Filter(wanted.camera_uid, wanted.principal, wanted.action, wanted.start_ms, end_ms)
        behind: tuple[int, int] | None = None
        while True:
            async with self._database.read() as connection:
                piece = await audit_links.page(connection, wanted, sight, behind, AT_ONCE, oldest_first=True)
            yield piece
            if len(piece) < AT_ONCE:
                return
            behind = (piece[-1].link.time_ms, piece[-1].link.record_id)

    async def _put_on_record(self, request: ExportRequest, now_ms: int) -> Sight | None:
        async with self._database.write() as connection:
            sight: Sight | None = None
            if request.caller is None:
                actor = Actor(
                    principal=ADMINISTRATOR,
                    acting_person=request.acting_person,
                    remote_address=request.remote_address,
                )
            else:
                principal = await load_caller(connection, request.caller)
                sight = await readable(connection, self._rights, principal, self._places)
                actor = actor_of(principal, request.caller, request.remote_address)
            wanted = request.filter
            window = None
            if wanted.start_ms is not None and wanted.end_ms is not None:
                window = (wanted.start_ms, wanted.end_ms)
            await audit.add(
                connection,
                AuditRecord(
                    time_ms=now_ms,
                    event="view",
                    actor=actor,
                    action=Action.AUDIT_READ,
                    camera_uid=wanted.camera_uid,
                    window=window,
                    purpose=request.purpose,
                    allowed=True,
                    reason="audit.exported",
                    detail=_describe(wanted),
                ),
            )
        return sight


def _describe(wanted: Filter) -> str:
    narrowed = [
        f"{name} {value}"
        for name, value in (("principal", wanted.principal), ("action", wanted.action))
        if value
    ]
    return "the audit exported" + (f": {', '.join(narrowed)}" if narrowed else "")
