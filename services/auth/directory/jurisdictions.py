"""Makes, changes and ends jurisdictions: named sets of regions and cameras."""

import secrets
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.camera_model import CameraModel
from services.auth.creations import ONLY, Creation
from services.auth.directory.delegation import Delegation, Giver
from services.auth.messages import to_ms
from services.auth.model import Jurisdiction
from services.auth.repository import cameras, jurisdictions, principals, revocations
from services.auth.repository.revocations import Kind
from services.auth.validation import check_text, invalid, region_code
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, FailedPreconditionError, NotFoundError, PermissionDeniedError

MAX_PARTS = 2000
"""Regions, cameras or members of one."""
MAX_TOLD = 50
"""Of each, added and taken away, in the record of one change."""


class Jurisdictions:
    """Writes jurisdictions. A camera that was registered a moment ago is waited for."""

    def __init__(
        self, database: Database, cameras: CameraModel, delegation: Delegation, clock: Clock
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._delegation = delegation
        self._clock = clock

    async def create(
        self,
        draft: auth_pb2.Jurisdiction,
        on_behalf_of: auth_pb2.OnBehalfOf,
        creation: Creation = ONLY,
    ) -> Jurisdiction:
        """The jurisdiction, with the id it was given.

        Raises InvalidArgumentError naming the field, and PermissionDeniedError for what is out of reach.
        """
        now_ms = self._clock.now_ms()
        blank = Jurisdiction(
            secrets.token_hex(8),
            "",
            region_code(draft.region, "region"),
            frozenset(),
            frozenset(),
            frozenset(),
            "",
            None,
            now_ms,
        )
        wanted = self._filled(blank, draft)
        await self._cameras.wait_for(wanted.cameras)
        async with self._database.write() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            await creation.claim(connection, wanted.name, now_ms)
            line = str(giver.principal.line) if giver.principal is not None else ""
            wanted = replace(wanted, line=line)
            await self._require(connection, giver, wanted)
            await jurisdictions.add(connection, wanted)
            detail = f"{wanted.name} created: {_told(blank, wanted)}"
            await self._delegation.record(connection, giver, detail, region=wanted.region)
        return wanted

    async def get(self, name: str, on_behalf_of: auth_pb2.OnBehalfOf) -> Jurisdiction:
        """Raises NotFoundError, also for one of a region outside the asking person's reach."""
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            return await self._known(connection, giver, name)

    async def change(self, draft: auth_pb2.Jurisdiction, on_behalf_of: auth_pb2.OnBehalfOf) -> Jurisdiction:
        """The jurisdiction as changed; who watched by it is decided anew at once.

        Raises NotFoundError, AbortedError when `etag` is given and not the newest, and as `create` does.
        """
        await self._cameras.wait_for(draft.camera_uids[:MAX_PARTS])
        async with self._database.write() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            before = await self._known(connection, giver, draft.name)
            if draft.etag and draft.etag != str(before.version):
                raise _outdated()
            await self._delegation.require_jurisdiction_of(connection, giver, before)
            wanted = self._filled(before, draft)
            await self._require(connection, giver, wanted)
            if not await jurisdictions.change(connection, wanted, before.version):
                raise _outdated()
            detail = f"{wanted.name} changed: {_told(before, wanted)}"
            await self._delegation.record(connection, giver, detail, region=wanted.region)
            scoped = await principals.with_jurisdiction(connection, before.jurisdiction_id)
            self._decide_anew(connection, before.members.union(scoped))
        return replace(wanted, version=before.version + 1)

    async def remove(self, name: str, on_behalf_of: auth_pb2.OnBehalfOf) -> None:
        """End one. Raises NotFoundError, and FailedPreconditionError while it is somebody's scope."""
        async with self._database.write() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            before = await self._known(connection, giver, name)
            await self._delegation.require_jurisdiction_of(connection, giver, before)
            if await principals.with_jurisdiction(connection, before.jurisdiction_id):
                raise FailedPreconditionError(
                    "auth.jurisdiction_in_use", "it is the scope of principals: give them another first"
                )
            await jurisdictions.remove(connection, before.jurisdiction_id)
            await self._delegation.record(connection, giver, f"{name} removed", region=before.region)
            self._decide_anew(connection, before.members)

    async def page(self, after: str, limit: int, on_behalf_of: auth_pb2.OnBehalfOf) -> list[Jurisdiction]:
        """At most `limit` jurisdictions of regions in the asking person's reach, with ids behind `after`."""
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            reach = await self._delegation.reach(connection, giver)
            line = str(giver.principal.line) if giver.principal is not None else None
            return await jurisdictions.page(connection, after, limit, reach, line)

    async def _require(self, connection: AsyncConnection, giver: Giver, wanted: Jurisdiction) -> None:
        await self._delegation.require_jurisdiction(connection, giver, wanted)
        missing = wanted.members - (await principals.find_all(connection, wanted.members)).keys()
        if missing:
            raise invalid("members", f"must be principals that exist, which {min(missing)} is not")
        missing = wanted.cameras - (await cameras.find_all(connection, wanted.cameras)).keys()
        if missing:
            raise invalid("camera_uids", f"must be cameras that exist, which {min(missing)} is not")

    async def _known(self, connection: AsyncConnection, giver: Giver, name: str) -> Jurisdiction:
        kind, _, jurisdiction_id = name.partition("/")
        found = await jurisdictions.find(connection, jurisdiction_id) if kind == "jurisdictions" else None
        if found is None:
            raise NotFoundError("auth.jurisdiction_unknown", "there is no such jurisdiction", field="name")
        try:
            await self._delegation.require_region(connection, giver, found.region, "region")
        except PermissionDeniedError as error:
            raise NotFoundError(
                "auth.jurisdiction_unknown", "there is no such jurisdiction", field="name"
            ) from error
        return found

    def _filled(self, before: Jurisdiction, draft: auth_pb2.Jurisdiction) -> Jurisdiction:
        expire_ms = to_ms(draft.expire_time, "expire_time") if draft.HasField("expire_time") else None
        if expire_ms is not None and expire_ms <= self._clock.now_ms():
            raise invalid("expire_time", "must lie in the future")
        for field in ("regions", "camera_uids", "members"):
            if len(getattr(draft, field)) > MAX_PARTS:
                raise invalid(field, f"must name at most {MAX_PARTS}")
        if not draft.regions and not draft.camera_uids:
            raise invalid("regions", "or camera_uids must name something")
        return replace(
            before,
            display_name=check_text(draft.display_name, "display_name", max_length=100, required=True),
            regions=frozenset(region_code(name, "regions") for name in draft.regions),
            cameras=frozenset(draft.camera_uids),
            members=frozenset(draft.members),
            reason=check_text(draft.reason, "reason", max_length=500, required=True),
            expire_ms=expire_ms,
        )

    def _decide_anew(self, connection: AsyncConnection, names: Collection[str]) -> None:
        for name in sorted(names):
            revocations.add(connection, Kind.PRINCIPAL, name, self._clock.now_ms())


def _told(before: Jurisdiction, after: Jurisdiction) -> str:
    """What the change adds and takes away, for the record."""
    parts = []
    for word, earlier, later in (
        ("regions", before.regions, after.regions),
        ("cameras", before.cameras, after.cameras),
        ("members", before.members, after.members),
    ):
        parts += [f"{word} +{name}" for name in sorted(later - earlier)[:MAX_TOLD]]
        parts += [f"{word} -{name}" for name in sorted(earlier - later)[:MAX_TOLD]]
    if before.expire_ms != after.expire_ms:
        parts.append(f"ends {after.expire_ms or 'never'}")
    return f"{after.reason}: {', '.join(parts) or 'nothing'}"


def _outdated() -> AbortedError:
    return AbortedError("auth.jurisdiction_changed", "somebody has changed it meanwhile", field="etag")
