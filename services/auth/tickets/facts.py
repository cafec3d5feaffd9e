"""All that many decisions rest on, read at once: four statements for hundreds of tickets."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.decision import Action, Decision, decide_camera
from services.auth.model import Actor, CameraFacts, Principal
from services.auth.repository import cameras, principals, regions
from snowlight.access.token import AccessClaims


@dataclass(frozen=True, slots=True)
class Facts:
    """As of one transaction: nothing is kept, so that nothing is stale."""

    principals: dict[str, Principal]
    """By name."""
    cameras: dict[str, CameraFacts]
    chains: dict[str, dict[str, int]]
    """By region: its own code and those of all around it, with their levels."""

    def decide(self, principal: Principal, camera_uid: str, action: Action) -> Decision:
        """Decide `action` on a camera."""
        camera = self.cameras.get(camera_uid)
        chain = list(self.chains.get(camera.region, ())) if camera else []
        return decide_camera(principal, camera, chain, action)

    def actor(self, principal: Principal, caller: AccessClaims, remote_address: str) -> Actor:
        """The principal as the audit tells them."""
        return Actor(
            principal=principal.name,
            organisation=principal.organisation,
            line=str(principal.line),
            tier=self.chains.get(principal.scope, {}).get(principal.scope, 0),
            scope=principal.scope,
            acting_person=caller.acting_person,
            acting_unit=caller.acting_unit,
            remote_address=remote_address,
        )


async def read_facts(
    connection: AsyncConnection, names: Collection[str], camera_uids: Collection[str]
) -> Facts:
    """The facts of these principals and cameras. Those that do not exist are left out."""
    people = await principals.find_all(connection, names)
    known = await cameras.find_all(connection, camera_uids)
    codes = {principal.scope for principal in people.values()} | {one.region for one in known.values()}
    return Facts(people, known, await regions.chains(connection, codes))
