"""What somebody may know of at all: the regions they see, and the cameras."""

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.repository import openings
from services.auth.decision import Action
from services.auth.facts import Facts
from services.auth.model import CameraFacts, Jurisdiction, Principal, Region
from services.auth.policy.engine import Circumstances, Place, PolicyEngine, Subject
from services.auth.repository import cameras, regions
from services.auth.rights import Rights
from snowlight.clock import Clock

CACHED_PRINCIPALS = 1000


@dataclass(frozen=True, slots=True)
class VisibleSet:
    """The cameras somebody may know of, as of the registry's `revision`. `digest` names both sets."""

    camera_uids: frozenset[str]
    narrow_uids: frozenset[str]
    """Those among them that are seen by ownership, a grant or a consent alone."""
    digest: str
    revision: int


async def visible_regions(
    connection: AsyncConnection, facts: Facts, principal: Principal, now_ms: int
) -> list[Region]:
    """The regions in and below the principal's scope and in what is shared with them, parents first, and
    those of single cameras that they own or that a grant opens."""
    found: dict[str, Region] = {}
    for region in await regions.below(connection, await _roots(connection, facts, principal), at_ms=now_ms):
        found[region.code] = region
    single = await cameras.find_all(connection, await openings.naming(connection, principal, now_ms))
    single |= await cameras.owned_by(connection, principal.name)
    alone = {camera.region for camera in single.values()} - found.keys()
    found |= await regions.find_all(connection, alone)
    return sorted(found.values(), key=lambda region: (region.level, region.code))


async def _roots(connection: AsyncConnection, facts: Facts, principal: Principal) -> list[str]:
    roots = set() if principal.jurisdiction else {principal.scope}
    roots = roots.union(*(jurisdiction.regions for jurisdiction in facts.held.values()))
    uids = {uid for jurisdiction in facts.held.values() for uid in jurisdiction.cameras}
    held = await cameras.find_all(connection, uids)
    return sorted(roots | {camera.region for camera in held.values()})


class VisibleCameras:
    """Decides camera.read for every camera at once. Cameras that are alike in all that the policies ask are
    decided once."""

    def __init__(self, rights: Rights, engine: PolicyEngine, clock: Clock) -> None:
        self._rights = rights
        self._engine = engine
        self._clock = clock
        self._cameras: tuple[int, list[CameraFacts]] = (-1, [])
        self._known: OrderedDict[str, tuple[object, VisibleSet]] = OrderedDict()

    async def of(self, connection: AsyncConnection, principal: Principal) -> VisibleSet:
        """What `principal` may know of now."""
        granted = await openings.naming(connection, principal, self._clock.now_ms())
        facts = await self._rights.facts(connection, [principal.name], granted)
        subject, held = facts.subject(principal), list(facts.held.values())
        revision = await cameras.feed_revision(connection) or 0
        opened = frozenset(
            uid
            for uid in granted
            if self._rights.on_camera(facts, principal, uid, Action.CAMERA_READ).allowed
        )
        versions = tuple((one.name, one.version) for one in held)
        state = (principal, revision, versions, await regions.count(connection), opened)
        known = self._known.get(principal.name)
        if known is not None and known[0] == state:
            return known[1]
        registered = await self._registered(connection, revision)
        seen = self._decide(subject, registered, held, await regions.parents(connection))
        seen = sorted({*seen, *opened})
        owned = {camera.uid for camera in registered if camera.owner == principal.name}
        narrow = await self._narrow(connection, principal, owned.intersection(seen) | opened)
        digest = hashlib.sha256(f"{' '.join(seen)}|{' '.join(narrow)}".encode()).hexdigest()[:32]
        visible = VisibleSet(frozenset(seen), frozenset(narrow), digest, revision)
        self._known[principal.name] = (state, visible)
        self._known.move_to_end(principal.name)
        if len(self._known) > CACHED_PRINCIPALS:
            self._known.popitem(last=False)
        return visible

    async def _narrow(
        self, connection: AsyncConnection, principal: Principal, among: Collection[str]
    ) -> list[str]:
        if not among:
            return []
        facts = await self._rights.facts(connection, [principal.name], among)
        return [
            uid
            for uid in sorted(facts.cameras)
            if not self._rights.by_role(facts, principal, uid, Action.CAMERA_READ)
        ]

    async def _registered(self, connection: AsyncConnection, revision: int) -> list[CameraFacts]:
        if self._cameras[0] != revision:
            self._cameras = (revision, await cameras.registered(connection))
        return self._cameras[1]

    def _decide(
        self,
        subject: Subject,
        registered: Sequence[CameraFacts],
        held: Sequence[Jurisdiction],
        parents: dict[str, str],
    ) -> list[str]:
        decided: dict[tuple[object, ...], bool] = {}
        places: dict[str, Place] = {}
        seen = []
        for camera in registered:
            place = places.get(camera.region)
            if place is None:
                chain = _chain(camera.region, parents)
                names = [one.jurisdiction_id for one in held if not one.regions.isdisjoint(chain)]
                place = places[camera.region] = Place(tuple(chain), tuple(names))
            alone = [one.jurisdiction_id for one in held if camera.uid in one.cameras]
            is_owner = camera.owner == subject.principal.name
            alike = (
                camera.region,
                *(camera.ownership, is_owner, camera.operator, camera.listed_for_residents),
                *alone,
            )
            allowed = decided.get(alike)
            if allowed is None:
                exact = Place(place.chain, tuple(sorted({*place.jurisdictions, *alone})))
                decision = self._engine.on_camera(subject, camera, exact, Action.CAMERA_READ, Circumstances())
                allowed = decided[alike] = decision.allowed
            if allowed:
                seen.append(camera.uid)
        return seen


def _chain(code: str, parents: dict[str, str]) -> list[str]:
    chain: list[str] = []
    while code in parents and code not in chain:
        chain.append(code)
        code = parents[code]
    return chain
