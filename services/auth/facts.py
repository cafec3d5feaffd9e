"""All that decisions rest on, read at once: the same few statements for one decision or hundreds."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Opening
from services.auth.consent.repository import openings
from services.auth.model import CameraFacts, Jurisdiction, Principal
from services.auth.policy.engine import Place, Subject
from services.auth.repository import cameras, jurisdictions, principals, regions


@dataclass(frozen=True, slots=True)
class Facts:
    """As of one transaction: nothing is kept, so that nothing is stale."""

    principals: dict[str, Principal]
    """By name."""
    cameras: dict[str, CameraFacts]
    """By uid."""
    chains: dict[str, tuple[str, ...]]
    """By region: its own code and those of all around it, nearest first."""
    shared: dict[str, tuple[str, ...]]
    """By principal's name: ids of the jurisdictions that they are members of."""
    held: dict[str, Jurisdiction]
    """By id: the jurisdictions that matter to these principals and have not ended."""
    openings: dict[str, list[Opening]]
    """By camera's uid: the grants and consents in force."""
    now_ms: int

    def subject(self, principal: Principal) -> Subject:
        """The principal with what is shared with them."""
        return Subject(principal, self.shared.get(principal.name, ()))

    def place(self, subject: Subject, region: str, camera_uid: str = "") -> Place:
        """Where a region or a camera in it lies, as far as it matters to `subject`."""
        chain = self.chains.get(region, ())
        among = {*subject.shared, subject.principal.jurisdiction} & self.held.keys()
        holding = [
            jurisdiction_id
            for jurisdiction_id in sorted(among)
            if camera_uid in self.held[jurisdiction_id].cameras
            or not self.held[jurisdiction_id].regions.isdisjoint(chain)
        ]
        return Place(chain, tuple(holding))

    def ends_ms(self, place: Place) -> list[int]:
        """When jurisdictions that hold a place end by themselves."""
        held = (self.held[jurisdiction_id] for jurisdiction_id in place.jurisdictions)
        return [one.expire_ms for one in held if one.expire_ms is not None]


async def read_facts(
    connection: AsyncConnection,
    names: Collection[str],
    camera_uids: Collection[str],
    now_ms: int,
    *,
    codes: Collection[str] = (),
) -> Facts:
    """The facts of these principals, cameras and regions. Those that do not exist are left out."""
    people = await principals.find_all(connection, names)
    known = await cameras.find_all(connection, camera_uids)
    shared = await jurisdictions.shared_with(connection, people, now_ms)
    among = {one for ids in shared.values() for one in ids}
    among |= {person.jurisdiction for person in people.values()} - {""}
    around = {*codes, *(camera.region for camera in known.values())}
    around |= {person.scope for person in people.values()}
    return Facts(
        people,
        known,
        await regions.chains(connection, around),
        shared,
        await jurisdictions.lasting(connection, among, now_ms) if among else {},
        await openings.of_cameras(connection, known, now_ms) if known else {},
        now_ms,
    )
