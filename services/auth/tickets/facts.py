"""All that many decisions rest on, read at once: a few statements for hundreds of tickets."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.decision import Action, Decision
from services.auth.model import CameraFacts, Principal
from services.auth.policy.engine import Place, Subject
from services.auth.repository import cameras, jurisdictions, principals, regions
from services.auth.rights import CAMERA_UNKNOWN, Asked, Rights


@dataclass(frozen=True, slots=True)
class Facts:
    """As of one transaction: nothing is kept, so that nothing is stale."""

    principals: dict[str, Principal]
    """By name."""
    cameras: dict[str, CameraFacts]
    _chains: dict[str, tuple[str, ...]]
    _shared: dict[str, list[str]]
    _lasting: set[str]
    _parts: set[tuple[str, str]]

    def decide(
        self, rights: Rights, principal: Principal, camera_uid: str, action: Action, asked: Asked
    ) -> Decision:
        """Decide `action` on a camera, as `Rights.on_camera` does."""
        camera = self.cameras.get(camera_uid)
        if camera is None:
            return CAMERA_UNKNOWN
        shared = self._shared.get(principal.name, [])
        own = [principal.jurisdiction] if principal.jurisdiction in self._lasting else []
        chain = self._chains.get(camera.region, ())
        within = {camera_uid, *chain}
        holding = sorted(one for one in {*shared, *own} if any((one, part) in self._parts for part in within))
        place = Place(chain, tuple(holding))
        return rights.decide(Subject(principal, tuple(shared)), camera, place, action, asked)


async def read_facts(
    connection: AsyncConnection, names: Collection[str], camera_uids: Collection[str], now_ms: int
) -> Facts:
    """The facts of these principals and cameras. Those that do not exist are left out."""
    people = await principals.find_all(connection, names)
    known = await cameras.find_all(connection, camera_uids)
    levels = await regions.chains(connection, {camera.region for camera in known.values()})
    chains = {code: tuple(sorted(found, key=lambda one: -found[one])) for code, found in levels.items()}
    shared = await jurisdictions.shared_with_all(connection, people.keys(), now_ms)
    own = {principal.jurisdiction for principal in people.values()} - {""}
    lasting = await jurisdictions.all_lasting(connection, own, now_ms) if own else set()
    among = lasting.union(*shared.values())
    parts: set[tuple[str, str]] = set()
    if among:
        codes = {code for chain in chains.values() for code in chain}
        parts = await jurisdictions.parts_of(connection, among, codes, known.keys())
    return Facts(people, known, chains, shared, lasting, parts)
