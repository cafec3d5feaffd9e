"""Who asks, and what auth lets them do."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from services.gateway.http.problems import bearer_token
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors

SIGHT_KEPT_S = 3.0
_CACHE_SIZE = 1000
_CAMERA_BY_CAMERA = "auth.resident_by_camera"


@dataclass(frozen=True, slots=True)
class Person:
    """A caller whose access token verified."""

    name: str
    """Their principal, "principals/{id}"."""
    access_token: str


class Sight:
    """What one person may see of the registry. Pictures are decided camera by camera, by auth's tickets."""

    def __init__(self, principal: str, regions: list[auth_pb2.Region], denial: str) -> None:
        self.regions = regions
        """Parents before children."""
        self.names = frozenset(region.name for region in regions)
        self._principal = principal
        self._denial = denial

    def below(self, name: str) -> frozenset[str]:
        """`name` and every visible region under it."""
        found = {name}
        for region in self.regions:
            if region.parent in found:
                found.add(region.name)
        return frozenset(found)

    def sees(self, camera: camera_pb2.Camera) -> bool:
        """Whether this camera exists for them: residents know their own and those listed for residents."""
        if camera.region not in self.names:
            return False
        if self._denial == _CAMERA_BY_CAMERA:
            return camera.listed_for_residents or camera.owner == self._principal
        return not self._denial


class Identity:
    """Verifies callers and asks auth about them."""

    def __init__(self, verifier: TokenVerifier, peers: Peers, clock: Clock) -> None:
        self._verifier = verifier
        self._peers = peers
        self._clock = clock
        self._sights: OrderedDict[str, tuple[float, Sight]] = OrderedDict()

    async def person(self, request: web.Request) -> Person:
        """The request's caller. Raises UnauthenticatedError."""
        token = bearer_token(request)
        return Person((await self._verifier.access_token(token)).principal, token)

    async def sight(self, person: Person) -> Sight:
        """What `person` may see, at most three seconds old."""
        now = self._clock.monotonic()
        known = self._sights.get(person.name)
        if known is not None and now - known[0] < SIGHT_KEPT_S:
            return known[1]
        with remote_errors(AUTH):
            answer = await self._peers.access.ListVisibleRegions(
                auth_pb2.ListVisibleRegionsRequest(access_token=person.access_token), timeout=CALL_TIMEOUT_S
            )
        regions = list(answer.regions)
        denial = await self._denial(person, "camera.read", region=regions[0].name) if regions else ""
        sight = Sight(person.name, regions, denial)
        self._sights[person.name] = (now, sight)
        self._sights.move_to_end(person.name)
        if len(self._sights) > _CACHE_SIZE:
            self._sights.popitem(last=False)
        return sight

    async def require(self, person: Person, *actions: str, camera_uid: str = "", region: str = "") -> None:
        """Raises PermissionDeniedError with auth's reason unless one of `actions` is allowed."""
        denials = []
        for action in actions:
            denial = await self._denial(person, action, camera_uid=camera_uid, region=region)
            if not denial:
                return
            denials.append(denial)
        raise PermissionDeniedError(denials[0], f"{actions[0]} is not allowed here")

    async def may(self, person: Person, action: str, *, camera_uid: str) -> bool:
        """Whether `action` is allowed on the camera."""
        return not await self._denial(person, action, camera_uid=camera_uid)

    async def _denial(self, person: Person, action: str, *, camera_uid: str = "", region: str = "") -> str:
        """Auth's reason against `action`; "" when it is allowed."""
        request = auth_pb2.AuthorizeRequest(access_token=person.access_token, action=action)
        if camera_uid:
            request.camera_uid = camera_uid
        else:
            request.region = region
        with remote_errors(AUTH):
            answer = await self._peers.access.Authorize(request, timeout=CALL_TIMEOUT_S)
        return "" if answer.allowed else answer.reason or "auth.denied"
