"""What owners are told: who looked at their cameras and why, and what opened these without their consent.

They are told the organisation, line and unit of whoever looked, the purpose, and the grant it rested on; a
person's name where the cluster's policy of notice says so. What a deferred grant let somebody see, they are
told once its date has come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Grant
from services.auth.consent.repository import grants
from services.auth.consent.standing import Caller, caller_of
from services.auth.model import AuditRecord, CameraFacts, Principal
from services.auth.repository import audit, cameras, principals
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError

LATE_MS = 5 * 60_000
"""How long after its grant has ended what was watched may still be put on record."""


@dataclass(frozen=True, slots=True)
class View:
    """Somebody looked; on what grant, if on one."""

    record_id: int
    record: AuditRecord
    grant: Grant | None
    person: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A grant opened a camera of theirs to somebody."""

    key: str
    camera_uid: str
    grant: Grant
    beneficiary: Principal | None


class NoticeDesk:
    """Tells owners."""

    def __init__(self, database: Database, clock: Clock, *, names: bool) -> None:
        """`names`: of persons are told too."""
        self._database = database
        self._clock = clock
        self._names = names

    async def views(
        self, claims: AccessClaims, address: str, camera_uid: str, before: int | None, limit: int
    ) -> tuple[list[View], int | None]:
        """Views of a camera since it is the caller's, newest first, and the record to go on before, if there
        are more.

        Raises PermissionDeniedError unless the camera is theirs.
        """
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            camera = await _require_owner(connection, caller, camera_uid)
            found = await audit.looks_at(
                connection, camera_uid, caller.name, camera.owner_ms, before, limit + 1
            )
            shown = found[:limit]
            names = sorted({record.actor.principal for _, record in shown})
            used = await grants.used_on(connection, camera_uid, names)
            people = await principals.find_all(connection, names) if self._names else {}
            views = []
            for record_id, record in shown:
                grant = _grant_of(record, used)
                if grant is None or (grant.notice_ms or 0) <= self._clock.now_ms():
                    person = _person(record, people) if self._names else ""
                    views.append(View(record_id, record, grant, person))
        return views, shown[-1][0] if len(found) > limit else None

    async def notices(self, claims: AccessClaims, address: str, before: str, limit: int) -> list[Notice]:
        """Of all cameras of the caller's, newest first."""
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            now_ms = self._clock.now_ms()
            told = await grants.told_to(connection, caller.name, now_ms, before=before, limit=limit)
            people = await principals.find_all(connection, {grant.beneficiary for _, _, grant in told})
        return [Notice(key, uid, grant, people.get(grant.beneficiary)) for key, uid, grant in told]


async def _require_owner(connection: AsyncConnection, caller: Caller, camera_uid: str) -> CameraFacts:
    camera = await cameras.find(connection, camera_uid)
    if camera is None or camera.owner != caller.name:
        raise PermissionDeniedError("views.not_owner", "only the camera's owner is told who looked")
    return camera


def _person(record: AuditRecord, people: Mapping[str, Principal]) -> str:
    if record.actor.acting_person:
        return record.actor.acting_person
    principal = people.get(record.actor.principal)
    return principal.display_name if principal else ""


def _grant_of(record: AuditRecord, used: Sequence[Grant]) -> Grant | None:
    """The grant that was in force for them then; of several the one that is told last."""
    then = [
        grant
        for grant in used
        if grant.beneficiary == record.actor.principal
        and grant.start_ms is not None
        and grant.start_ms <= record.time_ms < grant.end_ms + LATE_MS
    ]
    return max(then, key=lambda grant: grant.notice_ms or 0, default=None)
