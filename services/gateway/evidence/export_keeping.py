"""Exports begun, listed and ended in somebody's name, as far as auth lets them."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.evidence.export_rights import ExportRights, Footage, purpose_of
from services.gateway.evidence.export_wish import Wish
from services.gateway.http.idempotency import Attempt
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.sight import Person
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.rpc.status import remote_errors


class ExportKeeping:
    """Storage's exports."""

    def __init__(self, peers: Peers, rights: ExportRights) -> None:
        self._peers = peers
        self._rights = rights

    async def begin(
        self, person: Person, cameras: Sequence[camera_pb2.Camera], wish: Wish, attempt: Attempt
    ) -> export_pb2.Export:
        """The export, or what an earlier attempt at it has begun. `cameras` are those of the wish.

        Raises PermissionDeniedError naming the first camera that may not be exported.
        """
        uids = [camera.uid for camera in cameras]
        purpose = purpose_of(wish.case_number, wish.reason)
        claims = await self._rights.decide(person, Footage(uids, wish.start_ms, wish.end_ms, purpose))
        rendering = export_pb2.Rendering(
            cut=export_pb2.Rendering.Cut.Value(wish.cut),
            burn_in=wish.burn_in or any(each.marked for each in claims),
            labels=[camera.name.removeprefix("cameras/") for camera in cameras],
            silent_camera_uids=[each.camera_uid for each in claims if each.silent],
        )
        export = export_pb2.Export(
            camera_uids=uids,
            start_ms=wish.start_ms,
            end_ms=wish.end_ms,
            case_number=wish.case_number,
            reason=wish.reason,
            created_by=person.name,
            rendering=rendering,
        )
        with remote_errors(STORAGE):
            return await self._peers.exports.CreateExport(
                export_pb2.CreateExportRequest(export=export, request_id=attempt.request_id),
                timeout=CALL_TIMEOUT_S,
            )

    async def page(
        self, person: Person, wanted: export_pb2.ListExportsRequest
    ) -> export_pb2.ListExportsResponse:
        """Those of a page of storage's that exist for the person."""
        with remote_errors(STORAGE):
            page = await self._peers.exports.ListExports(wanted, timeout=CALL_TIMEOUT_S)
        known = [each for each in page.exports if await self._rights.may_know(person, each)]
        return export_pb2.ListExportsResponse(exports=known, next_page_token=page.next_page_token)

    async def cancel(self, person: Person, name: str) -> export_pb2.Export:
        """Raises NotFoundError for one that does not exist for the person, FailedPreconditionError for one
        that has ended."""
        export = await self._rights.known(person, name)
        with remote_errors(STORAGE):
            return await self._peers.exports.CancelExport(
                export_pb2.CancelExportRequest(name=export.name), timeout=CALL_TIMEOUT_S
            )
