"""gRPC service `access.v1.Evidence`: footage taken along, or kept from being deleted."""

from __future__ import annotations

from typing import Any

from services.gateway.access.downloads import DownloadCalls
from services.gateway.access.exports import ExportCalls
from services.gateway.access.guard import calling_officer
from services.gateway.access.holds import HoldCalls
from snowlight.api.access.v1 import evidence_pb2, evidence_pb2_grpc

PRESERIALIZED = frozenset({"DownloadExport"})


class EvidenceService(evidence_pb2_grpc.EvidenceServicer):
    """Hands each call to those who carry it out."""

    def __init__(self, exports: ExportCalls, downloads: DownloadCalls, holds: HoldCalls) -> None:
        self._exports = exports
        self._downloads = downloads
        self._holds = holds

    async def CreateExport(  # noqa: N802
        self, request: evidence_pb2.CreateExportRequest, context: Any
    ) -> evidence_pb2.Export:
        return await self._exports.create(calling_officer(), request)

    async def GetExport(  # noqa: N802
        self, request: evidence_pb2.GetExportRequest, context: Any
    ) -> evidence_pb2.Export:
        return await self._exports.get(calling_officer(), request.name)

    async def ListExports(  # noqa: N802
        self, request: evidence_pb2.ListExportsRequest, context: Any
    ) -> evidence_pb2.ListExportsResponse:
        return await self._exports.page(calling_officer(), request)

    async def WatchExport(  # type: ignore[override]  # noqa: N802
        self, request: evidence_pb2.WatchExportRequest, context: Any
    ) -> None:
        await self._exports.watch(calling_officer, request.name, context)

    async def CancelExport(  # noqa: N802
        self, request: evidence_pb2.CancelExportRequest, context: Any
    ) -> evidence_pb2.Export:
        return await self._exports.cancel(calling_officer(), request.name)

    async def DownloadExport(  # type: ignore[override]  # noqa: N802
        self, request: evidence_pb2.DownloadExportRequest, context: Any
    ) -> None:
        await self._downloads.serve(calling_officer(), request, context)

    async def CreateHold(  # noqa: N802
        self, request: evidence_pb2.CreateHoldRequest, context: Any
    ) -> evidence_pb2.Hold:
        return await self._holds.create(calling_officer(), request)

    async def GetHold(  # noqa: N802
        self, request: evidence_pb2.GetHoldRequest, context: Any
    ) -> evidence_pb2.Hold:
        return await self._holds.get(calling_officer(), request.name)

    async def ListHolds(  # noqa: N802
        self, request: evidence_pb2.ListHoldsRequest, context: Any
    ) -> evidence_pb2.ListHoldsResponse:
        return await self._holds.page(calling_officer(), request)

    async def ReleaseHold(  # noqa: N802
        self, request: evidence_pb2.ReleaseHoldRequest, context: Any
    ) -> evidence_pb2.Hold:
        return await self._holds.release(calling_officer(), request)
