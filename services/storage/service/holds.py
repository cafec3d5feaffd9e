"""The gRPC face of holds."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from services.storage.holds.hold import Hold
from services.storage.holds.repository import HoldRepository
from services.storage.service.paging import page_token, read_page_size, read_page_token
from services.storage.service.validation import DAY_MS, check, check_uid
from snowlight.api.storage.v1 import hold_pb2, hold_pb2_grpc
from snowlight.clock import Clock

LONGEST_MS = 366 * DAY_MS
AHEAD_MS = DAY_MS
"""A window may begin this far in the future: what is about to happen is held too."""
MAX_TEXT = 1000
MAX_NAME = 200

_NAME = re.compile(r"holds/(?P<id>[0-9a-z-]{1,64})")


class HoldService(hold_pb2_grpc.HoldsServicer):
    """`snowlight.api.storage.v1.Holds`."""

    def __init__(
        self,
        holds: HoldRepository,
        clock: Clock,
        changed: Callable[[], None],
        check_release: Callable[[Hold], Awaitable[None]],
    ) -> None:
        """`changed` is called after each change, which is then to be kept beside the footage at once.

        `check_release`: raises FailedPreconditionError for a hold that people are not to release.
        """
        self._holds = holds
        self._clock = clock
        self._changed = changed
        self._check_release = check_release

    async def CreateHold(  # noqa: N802
        self, request: hold_pb2.CreateHoldRequest, context: Any
    ) -> hold_pb2.Hold:
        wanted = _read_hold(request.hold, self._clock.now_ms())
        _check_text(request.request_id, "request_id", MAX_NAME, required=False)
        hold = await self._holds.create(wanted, request.request_id)
        self._changed()
        return hold.message()

    async def GetHold(  # noqa: N802
        self, request: hold_pb2.GetHoldRequest, context: Any
    ) -> hold_pb2.Hold:
        return (await self._holds.get(_read_id(request.name))).message()

    async def ListHolds(  # noqa: N802
        self, request: hold_pb2.ListHoldsRequest, context: Any
    ) -> hold_pb2.ListHoldsResponse:
        if request.camera_uid:
            check_uid(request.camera_uid, "camera_uid")
        size = read_page_size(request.page_size)
        before = read_page_token(request.page_token)
        found = await self._holds.list(
            request.camera_uid, inactive=request.all, before_id=before, limit=size + 1
        )
        return hold_pb2.ListHoldsResponse(
            holds=[hold.message() for hold in found[:size]],
            next_page_token=page_token(found[size - 1].id) if len(found) > size else "",
        )

    async def ReleaseHold(  # noqa: N802
        self, request: hold_pb2.ReleaseHoldRequest, context: Any
    ) -> hold_pb2.Hold:
        hold_id = _read_id(request.name)
        _check_text(request.released_by, "released_by", MAX_NAME)
        _check_text(request.reason, "reason", MAX_TEXT)
        await self._check_release(await self._holds.get(hold_id))
        hold = await self._holds.release(hold_id, request.released_by, request.reason)
        self._changed()
        return hold.message()


def _read_hold(message: hold_pb2.Hold, now_ms: int) -> Hold:
    check_uid(message.camera_uid, "hold.camera_uid")
    check(message.start_ms >= 0, "hold.start_ms", "start_ms must be ms since 1970 UTC")
    check(message.end_ms > message.start_ms, "hold.end_ms", "end_ms must be after start_ms")
    check(
        message.end_ms - message.start_ms <= LONGEST_MS,
        "hold.end_ms",
        f"the window may be {LONGEST_MS // DAY_MS} days at most",
    )
    check(message.start_ms <= now_ms + AHEAD_MS, "hold.start_ms", "the window lies in the future")
    _check_text(message.case_number, "hold.case_number", MAX_NAME)
    _check_text(message.reason, "hold.reason", MAX_TEXT)
    _check_text(message.created_by, "hold.created_by", MAX_NAME)
    check(
        message.expire_ms == 0 or message.expire_ms > now_ms,
        "hold.expire_ms",
        "expire_ms must be in the future, or 0 for never",
    )
    return Hold(
        id="",
        camera_uid=message.camera_uid,
        start_ms=message.start_ms,
        end_ms=message.end_ms,
        case_number=message.case_number,
        reason=message.reason,
        expire_ms=message.expire_ms or None,
        created_by=message.created_by,
        create_ms=0,
    )


def _read_id(name: str) -> str:
    match = _NAME.fullmatch(name)
    check(match is not None, "name", "name must be holds/{id}")
    assert match is not None
    return match["id"]


def _check_text(text: str, field: str, longest: int, *, required: bool = True) -> None:
    name = field.rpartition(".")[2]
    check(bool(text.strip()) or not required, field, f"{name} is required")
    check(len(text) <= longest, field, f"{name} may have {longest} characters at most")
    check(text.isprintable(), field, f"{name} must not hold control characters")
