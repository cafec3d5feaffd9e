"""The gRPC face of exports."""

import re
from collections.abc import Iterable
from typing import Any

from services.storage.exports.export import Cut, Export, ExportState, Rendered, Rendering
from services.storage.exports.exports import Exports, Wish
from services.storage.segment import LATEST_MS
from services.storage.service.paging import page_token, read_page_size, read_page_token
from services.storage.service.validation import check, check_uid
from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc
from snowlight.clock import Clock
from snowlight.evidence.manifest import EvidenceClock, EvidenceExporter, to_ms
from snowlight.instants import format_instant

MAX_CAMERAS = 64
MAX_WINDOW_MS = 31 * 86_400_000
MAX_TEXT = 200
MAX_REASON = 2000
_LABEL = re.compile(r"[0-9a-z-]{1,64}")
_CUTS = {export_pb2.Rendering.KEY_FRAME: Cut.KEY_FRAME, export_pb2.Rendering.EXACT: Cut.EXACT}


class ExportsService(export_pb2_grpc.ExportsServicer):
    """`snowlight.api.storage.v1.Exports`."""

    def __init__(self, exports: Exports, clock: Clock) -> None:
        self._exports = exports
        self._clock = clock

    async def CreateExport(  # noqa: N802
        self, request: export_pb2.CreateExportRequest, context: Any
    ) -> export_pb2.Export:
        return _message(await self._exports.create(_parse(request, self._clock.now_ms())))

    async def GetExport(  # noqa: N802
        self, request: export_pb2.GetExportRequest, context: Any
    ) -> export_pb2.Export:
        return _message(await self._exports.get(_id(request.name)))

    async def ListExports(  # noqa: N802
        self, request: export_pb2.ListExportsRequest, context: Any
    ) -> export_pb2.ListExportsResponse:
        size = read_page_size(request.page_size)
        page = await self._exports.page(read_page_token(request.page_token), size + 1, request.created_by)
        more = page_token(page[size - 1].id) if len(page) > size else ""
        return export_pb2.ListExportsResponse(
            exports=[_message(export) for export in page[:size]], next_page_token=more
        )

    async def CancelExport(  # noqa: N802
        self, request: export_pb2.CancelExportRequest, context: Any
    ) -> export_pb2.Export:
        return _message(await self._exports.cancel(_id(request.name)))


def _parse(request: export_pb2.CreateExportRequest, now_ms: int) -> Wish:
    export = request.export
    uids = tuple(export.camera_uids)
    check(0 < len(uids) <= MAX_CAMERAS, "export.camera_uids", f"1 to {MAX_CAMERAS} cameras")
    check(len(set(uids)) == len(uids), "export.camera_uids", "a camera is named twice")
    for position, uid in enumerate(uids):
        check_uid(uid, f"export.camera_uids[{position}]")
    check(export.start_ms > 0, "export.start_ms", "start_ms must be ms since 1970 UTC")
    check(export.end_ms > export.start_ms, "export.end_ms", "end_ms must be after start_ms")
    check(export.end_ms <= now_ms, "export.end_ms", "end_ms lies in the future")
    days = MAX_WINDOW_MS // 86_400_000
    check(
        export.end_ms - export.start_ms <= MAX_WINDOW_MS,
        "export.end_ms",
        f"the window may be {days} days at most",
    )
    for name, longest in (("case_number", MAX_TEXT), ("reason", MAX_REASON), ("created_by", MAX_TEXT)):
        text = getattr(export, name).strip()
        check(bool(text), f"export.{name}", f"{name} is required")
        check(len(text) <= longest, f"export.{name}", f"{name} may have {longest} characters at most")
    check(len(request.request_id) <= MAX_TEXT, "request_id", f"{MAX_TEXT} characters at most")
    check(len(request.request_fingerprint) <= 64, "request_fingerprint", "64 bytes at most")
    return Wish(
        uids,
        export.start_ms,
        export.end_ms,
        export.case_number.strip(),
        export.reason.strip(),
        export.created_by.strip(),
        request.request_id,
        _parse_rendering(export.rendering, uids) if export.HasField("rendering") else None,
        _parse_exporter(export.exporter) if export.HasField("exporter") else None,
        _parse_clocks(export.camera_clocks, uids),
        request.request_fingerprint,
    )


def _parse_exporter(exporter: export_pb2.Exporter) -> EvidenceExporter:
    for name in ("person", "unit", "organisation", "incident"):
        text = getattr(exporter, name)
        check(len(text) <= MAX_TEXT, f"export.exporter.{name}", f"{MAX_TEXT} characters at most")
    return EvidenceExporter(
        person=exporter.person,
        unit=exporter.unit,
        organisation=exporter.organisation,
        incident=exporter.incident,
    )


def _parse_clocks(
    clocks: Iterable[export_pb2.CameraClock], uids: tuple[str, ...]
) -> dict[str, EvidenceClock]:
    found: dict[str, EvidenceClock] = {}
    for at, clock in enumerate(clocks):
        field = f"export.camera_clocks[{at}]"
        uid, measure_ms = clock.camera_uid, clock.measure_ms
        check(uid in uids and uid not in found, f"{field}.camera_uid", "one for each camera at most")
        check(0 < measure_ms <= LATEST_MS, f"{field}.measure_ms", "must be ms since 1970 UTC")
        found[uid] = EvidenceClock(offset_ms=clock.offset_ms, measured=format_instant(measure_ms))
    return found


def _parse_rendering(rendering: export_pb2.Rendering, uids: tuple[str, ...]) -> Rendering:
    field = "export.rendering"
    labels, silent = tuple(rendering.labels), tuple(rendering.silent_camera_uids)
    check(rendering.cut in _CUTS, f"{field}.cut", "cut must be KEY_FRAME or EXACT")
    check(len(labels) in (0, len(uids)), f"{field}.labels", "there must be one for each camera, or none")
    check(len(set(labels)) == len(labels), f"{field}.labels", "a label is given twice")
    for at, label in enumerate(labels):
        check(bool(_LABEL.fullmatch(label)), f"{field}.labels[{at}]", "1 to 64 of a-z, 0-9 and -")
    check(set(silent) <= set(uids), f"{field}.silent_camera_uids", "a camera that is not exported")
    return Rendering(_CUTS[rendering.cut], rendering.burn_in, labels, silent)


def _id(name: str) -> str:
    collection, _, export_id = name.partition("/")
    check(collection == "exports" and bool(export_id), "name", "name must be exports/{id}")
    return export_id


def _message(export: Export) -> export_pb2.Export:
    return export_pb2.Export(
        name=export.name,
        camera_uids=export.camera_uids,
        start_ms=export.start_ms,
        end_ms=export.end_ms,
        case_number=export.case_number,
        reason=export.reason,
        created_by=export.created_by,
        create_ms=export.create_ms,
        state=export_pb2.Export.State.Value(export.state.name),
        error=export.error,
        bytes_total=export.bytes_total,
        bytes_done=export.bytes_done,
        manifest_key=export.manifest_key if export.state is ExportState.SUCCEEDED else "",
        immutable=export.immutable,
        retain_until_ms=export.retain_until_ms,
        rendering=_rendering(export.rendering) if export.rendering is not None else None,
        phase=export_pb2.Export.Phase.Value(export.phase.name),
        percent=export.percent,
        files=[_file(each) for each in export.rendered],
        expire_ms=export.expire_ms,
        expired=export.expired,
        exporter=_exporter(export.exporter) if export.exporter is not None else None,
        camera_clocks=[
            export_pb2.CameraClock(
                camera_uid=uid, offset_ms=clock.offset_ms, measure_ms=to_ms(clock.measured)
            )
            for uid, clock in export.camera_clocks.items()
        ],
    )


def _exporter(exporter: EvidenceExporter) -> export_pb2.Exporter:
    return export_pb2.Exporter(
        person=exporter.person,
        unit=exporter.unit,
        organisation=exporter.organisation,
        incident=exporter.incident,
    )


def _rendering(rendering: Rendering) -> export_pb2.Rendering:
    return export_pb2.Rendering(
        cut=export_pb2.Rendering.Cut.Value(rendering.cut.name),
        burn_in=rendering.burn_in,
        labels=rendering.labels,
        silent_camera_uids=rendering.silent,
    )


def _file(rendered: Rendered) -> export_pb2.RenderedFile:
    told = rendered.told
    return export_pb2.RenderedFile(
        camera_uid=rendered.camera_uid,
        file=told.file,
        start_ms=to_ms(told.start),
        end_ms=to_ms(told.end),
        duration_ms=told.duration_ms,
        size=told.size,
        sha256=bytes.fromhex(told.sha256),
        crc32=rendered.crc32,
        codecs=told.codecs,
    )
