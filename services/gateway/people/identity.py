"""Who asks, and what auth lets them do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from copy import copy
from functools import partial

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.edges import remote_address
from services.gateway.http.problems import bearer_token
from services.gateway.peers import AUTH, BATCH_TIMEOUT_S, CALL_TIMEOUT_S, Peers
from services.gateway.people.link_cookie import link_token
from services.gateway.people.sight import Person, Sight
from services.gateway.together import Together
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.counted_address import counted_address
from snowlight.errors import (
    InvalidArgumentError,
    PermissionDeniedError,
    SnowlightError,
    UnauthenticatedError,
)
from snowlight.rpc.status import error_of, remote_errors

SIGHT_KEPT_S = 1.0
LONGEST_TOLD_MS = 31 * 86_400_000
"""Of one range of a camera's past that auth is asked about."""
MOST_TOGETHER = 200
"""Questions in one call."""
Answer = Callable[[auth_pb2.AuthorizeRequest], Awaitable[auth_pb2.AuthorizeResponse]]
_CACHE_SIZE = 1000
_LONGEST_PURPOSE = 500
_REGION_UNKNOWN = "auth.region_unknown"


_PERSON = web.RequestKey("person", Person)


class Identity:
    """Verifies callers and asks auth about them."""

    def __init__(
        self,
        verifier: TokenVerifier,
        peers: Peers,
        cameras: CameraModel,
        clock: Clock,
        *,
        behind_proxy: bool,
    ) -> None:
        self._verifier = verifier
        self._peers = peers
        self._cameras = cameras
        self._clock = clock
        self._behind_proxy = behind_proxy
        self._sights: OrderedDict[tuple[str, str], tuple[float, Sight]] = OrderedDict()
        self._answer: Answer = self._ask_one

    def together(self, person: Person) -> Identity:
        """Itself, but that what tasks ask about `person` at one moment is put to auth as one call. It is for
        one group of tasks."""
        joint = copy(self)
        joint._answer = Together(partial(self._ask_many, person), at_once=MOST_TOGETHER).ask
        return joint

    async def person(self, request: web.Request, *, by_link: bool = False) -> Person:
        """The request's caller. Raises UnauthenticatedError. `by_link`: a link of the console may have sent
        it, with a cookie and no header."""
        known: Person | None = request.get(_PERSON)
        if known is not None:
            return known
        has_header = "Authorization" in request.headers
        token = (by_link and not has_header and link_token(request)) or bearer_token(request)
        claims = await self._verifier.access_token(token)
        address = remote_address(request, behind_proxy=self._behind_proxy)
        request[_PERSON] = person = Person(claims.principal, token, address, claims.client_id)
        return person

    async def caller(self, request: web.Request) -> str:
        """Who is counted: the caller, or the address (IPv6: the /64) of one who has not said who they are."""
        if "Authorization" in request.headers:
            with suppress(UnauthenticatedError):
                return (await self.person(request)).name
        return counted_address(remote_address(request, behind_proxy=self._behind_proxy))

    async def sight(self, person: Person, *, anew: bool = False) -> Sight:
        """What `person` may know of, at most a second old, and not older than the cameras known here. `anew`:
        as of now, for their rights have just changed."""
        now = self._clock.monotonic()
        whose = (person.name, person.client_id)
        known = self._sights.get(whose)
        if (
            known is not None
            and not anew
            and now - known[0] < SIGHT_KEPT_S
            and known[1].revision >= self._cameras.revision
        ):
            return known[1]
        sight = await self._ask_sight(person, known[1] if known is not None else None)
        self._sights[whose] = (now, sight)
        self._sights.move_to_end(whose)
        if len(self._sights) > _CACHE_SIZE:
            self._sights.popitem(last=False)
        return sight

    async def _ask_sight(self, person: Person, known: Sight | None) -> Sight:
        asked = auth_pb2.ListVisibleCamerasRequest(
            access_token=person.access_token,
            revision=self._cameras.revision,
            digest=known.digest if known is not None else "",
        )
        with remote_errors(AUTH):
            regions = await self._peers.access.ListVisibleRegions(
                auth_pb2.ListVisibleRegionsRequest(access_token=person.access_token), timeout=CALL_TIMEOUT_S
            )
            cameras = await self._peers.access.ListVisibleCameras(asked, timeout=CALL_TIMEOUT_S)
        uids, narrow = frozenset(cameras.camera_uids), frozenset(cameras.narrow_camera_uids)
        if known is not None and cameras.digest == known.digest:
            uids, narrow = known.camera_uids, known.narrow_uids
        return Sight(list(regions.regions), uids, narrow, cameras.digest, cameras.revision)

    async def require_recorded(self, person: Person, action: str, camera_uid: str, purpose: str = "") -> None:
        """Raises PermissionDeniedError with auth's reason unless `action` is allowed. On record both ways."""
        denial = await self._ask(
            auth_pb2.AuthorizeRequest(
                access_token=person.access_token,
                action=action,
                camera_uid=camera_uid,
                purpose=purpose[:_LONGEST_PURPOSE],
                record=True,
                remote_address=person.address,
            )
        )
        if denial:
            raise PermissionDeniedError(denial, f"{action} is not allowed here")

    async def require_proposed(self, person: Person, action: str, camera: camera_pb2.Camera) -> None:
        """Raises PermissionDeniedError unless `action` would be allowed on a camera such as this, and
        InvalidArgumentError when its region does not exist. On record either way.
        """
        ownership = camera_pb2.Ownership.Name(camera.ownership).lower() if camera.ownership else ""
        facts = auth_pb2.CameraFacts(
            region=camera.region,
            ownership=ownership,
            owner=camera.owner,
            operator=camera.operator,
            listed_for_residents=camera.listed_for_residents,
        )
        denial = await self._ask(
            auth_pb2.AuthorizeRequest(
                access_token=person.access_token,
                action=action,
                camera=facts,
                record=True,
                remote_address=person.address,
            )
        )
        if denial == _REGION_UNKNOWN:
            raise InvalidArgumentError(denial, "there is no such region", field="region")
        if denial:
            raise PermissionDeniedError(denial, f"{action} is not allowed for such a camera")

    async def require(self, person: Person, *actions: str, camera_uid: str = "", region: str = "") -> None:
        """Raises PermissionDeniedError with auth's reason unless one of `actions` is allowed."""
        await self._first_allowed(actions, _about(person, camera_uid, region))

    async def told(
        self, person: Person, *actions: str, camera_uid: str, start_ms: int, end_ms: int
    ) -> list[tuple[int, int]]:
        """The parts of [start, end), ms, `LONGEST_TOLD_MS` at most, of which `person` may be told when
        something was recorded or missed; in order. Raises as `require`.
        """
        question = _about(person, camera_uid)
        question.tell.start_ms, question.tell.end_ms = start_ms, end_ms
        answer = await self._first_allowed(actions, question)
        return [(part.start_ms, part.end_ms) for part in answer.told]

    async def may(
        self,
        person: Person,
        action: str,
        *,
        camera_uid: str,
        window_ms: tuple[int, int] | None = None,
        purpose: str = "",
    ) -> bool:
        """Whether `action` is allowed on the camera; of footage, on its window, for the purpose."""
        question = _about(person, camera_uid)
        question.action = action
        question.purpose = purpose[:_LONGEST_PURPOSE]
        if window_ms is not None:
            question.start.FromMilliseconds(window_ms[0])
            question.end.FromMilliseconds(window_ms[1])
        return not await self._ask(question)

    async def _first_allowed(
        self, actions: Sequence[str], question: auth_pb2.AuthorizeRequest
    ) -> auth_pb2.AuthorizeResponse:
        denials = []
        for action in actions:
            question.action = action
            answer = await self._answer(question)
            if answer.allowed:
                return answer
            denials.append(_denial(answer))
        raise PermissionDeniedError(denials[0], f"{actions[0]} is not allowed here")

    async def _ask(self, request: auth_pb2.AuthorizeRequest) -> str:
        """Auth's reason against it; "" when it is allowed."""
        return _denial(await self._answer(request))

    async def _ask_one(self, request: auth_pb2.AuthorizeRequest) -> auth_pb2.AuthorizeResponse:
        with remote_errors(AUTH):
            return await self._peers.access.Authorize(request, timeout=CALL_TIMEOUT_S)

    async def _ask_many(
        self, person: Person, requests: Sequence[auth_pb2.AuthorizeRequest]
    ) -> list[auth_pb2.AuthorizeResponse | SnowlightError]:
        batch = auth_pb2.BatchAuthorizeRequest(
            access_token=person.access_token, requests=requests, remote_address=person.address
        )
        for one in batch.requests:
            one.ClearField("access_token")
            one.ClearField("remote_address")
        with remote_errors(AUTH):
            answer = await self._peers.access.BatchAuthorize(batch, timeout=BATCH_TIMEOUT_S)
        return [_of_many(result) for result in answer.results]


def _of_many(result: auth_pb2.AuthorizeResult) -> auth_pb2.AuthorizeResponse | SnowlightError:
    if result.WhichOneof("result") == "response":
        return result.response
    problem = result.problem
    return error_of(problem.code, problem.reason, problem.detail, problem.field)


def _about(person: Person, camera_uid: str, region: str = "") -> auth_pb2.AuthorizeRequest:
    """A question that lacks its action."""
    question = auth_pb2.AuthorizeRequest(access_token=person.access_token)
    if camera_uid:
        question.camera_uid = camera_uid
    else:
        question.region = region
    return question


def _denial(answer: auth_pb2.AuthorizeResponse) -> str:
    return "" if answer.allowed else answer.reason or "auth.denied"
