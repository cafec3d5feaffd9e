"""Holds made, listed and let go in somebody's name, as far as auth lets them."""

from __future__ import annotations

from services.gateway.http.idempotency import Attempt
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.storage.v1 import hold_pb2
from snowlight.bounded import for_each
from snowlight.errors import NotFoundError, PermissionDeniedError
from snowlight.rpc.status import remote_errors

ASKED_AT_ONCE = 16
"""Cameras about which auth is asked together."""


class HoldKeeping:
    """Storage's holds."""

    def __init__(self, peers: Peers, identity: Identity) -> None:
        self._peers = peers
        self._identity = identity

    async def begin(self, person: Person, hold: hold_pb2.Hold, attempt: Attempt) -> hold_pb2.Hold:
        """Keep the footage from now on; on record first. Raises PermissionDeniedError."""
        purpose = f"{hold.case_number}: {hold.reason}"
        await self._identity.require_recorded(person, "hold", hold.camera_uid, purpose)
        hold.created_by = person.name
        with remote_errors(STORAGE):
            return await self._peers.holds.CreateHold(
                hold_pb2.CreateHoldRequest(hold=hold, request_id=attempt.request_id), timeout=CALL_TIMEOUT_S
            )

    async def page(self, person: Person, wanted: hold_pb2.ListHoldsRequest) -> hold_pb2.ListHoldsResponse:
        """Those of a page of storage's whose footage the person may hold."""
        with remote_errors(STORAGE):
            page = await self._peers.holds.ListHolds(wanted, timeout=CALL_TIMEOUT_S)
        uids = sorted({hold.camera_uid for hold in page.holds})
        may = await for_each(uids, lambda uid: self._may_hold(person, uid), at_once=ASKED_AT_ONCE)
        open_to_them = dict(zip(uids, may, strict=True))
        known = [hold for hold in page.holds if open_to_them[hold.camera_uid]]
        return hold_pb2.ListHoldsResponse(holds=known, next_page_token=page.next_page_token)

    async def known(self, person: Person, name: str) -> hold_pb2.Hold:
        """The hold, to whoever may hold its footage. Raises NotFoundError alike for all others."""
        with remote_errors(STORAGE):
            hold = await self._peers.holds.GetHold(hold_pb2.GetHoldRequest(name=name), timeout=CALL_TIMEOUT_S)
        if not await self._may_hold(person, hold.camera_uid):  # nobody else learns which holds there are
            raise NotFoundError("hold.not_found", "there is no such hold")
        return hold

    async def release(self, person: Person, name: str, reason: str) -> hold_pb2.Hold:
        """Let the footage go; on record first. Raises NotFoundError and PermissionDeniedError."""
        hold = await self.known(person, name)
        await self._identity.require_recorded(person, "release_hold", hold.camera_uid, f"{name}: {reason}")
        with remote_errors(STORAGE):
            return await self._peers.holds.ReleaseHold(
                hold_pb2.ReleaseHoldRequest(name=name, released_by=person.name, reason=reason),
                timeout=CALL_TIMEOUT_S,
            )

    async def _may_hold(self, person: Person, uid: str) -> bool:
        try:
            await self._identity.require(person, "hold", "release_hold", camera_uid=uid)
        except PermissionDeniedError:
            return False
        return True
