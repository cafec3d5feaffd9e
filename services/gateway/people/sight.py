"""A caller, and what exists for them."""

from __future__ import annotations

from dataclasses import dataclass

from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2


@dataclass(frozen=True, slots=True)
class Person:
    """A caller whose access token verified."""

    name: str
    """Their principal, "principals/{id}"."""
    access_token: str
    address: str = ""
    """Where they call from, for the audit."""
    client_id: str = ""
    """The system or set-top box that calls, which may see less than who let it in."""


class Sight:
    """What one person may know of, as of the registry's `revision`. Pictures are decided by tickets."""

    def __init__(
        self,
        regions: list[auth_pb2.Region],
        camera_uids: frozenset[str],
        narrow_uids: frozenset[str],
        digest: str,
        revision: int,
    ) -> None:
        self.regions = regions
        """Parents before children."""
        self.names = frozenset(region.name for region in regions)
        self.camera_uids = camera_uids
        self.narrow_uids = narrow_uids
        self.digest = digest
        self.revision = revision

    def below(self, name: str) -> frozenset[str]:
        """`name` and every visible region under it."""
        found = {name}
        for region in self.regions:
            if region.parent in found:
                found.add(region.name)
        return frozenset(found)

    def sees(self, camera: camera_pb2.Camera) -> bool:
        """Whether this camera exists for them."""
        return camera.uid in self.camera_uids

    def sees_past(self, camera: camera_pb2.Camera) -> bool:
        """Whether all of its past may be told them; else ask `Identity.told` for the parts."""
        return self.sees(camera) and camera.uid not in self.narrow_uids
